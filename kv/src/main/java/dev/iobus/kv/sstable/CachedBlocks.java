package dev.iobus.kv.sstable;

import dev.iobus.storage.page.BlockFile;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PinnedBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Blocks through the page cache, one pinned at a time. Confined to one thread.
final class CachedBlocks implements BlockSource {

  private final PageCache cache;
  private final BlockFile file;
  private final IndexBlock index;
  private @Nullable PinnedBlock pinned;

  CachedBlocks(PageCache cache, BlockFile file, IndexBlock index) {
    this.cache = cache;
    this.file = file;
    this.index = index;
  }

  @Override
  public MemorySegment load(int block) throws IOException {
    close();
    long packed = index.packed(block);
    PinnedBlock loaded =
        cache.pin(file, BlockHandle.offset(packed), BlockHandle.pages(packed));
    pinned = loaded;
    return loaded.segment();
  }

  @Override
  public void close() {
    PinnedBlock held = pinned;
    pinned = null;
    if (held != null) {
      held.close();
    }
  }
}
