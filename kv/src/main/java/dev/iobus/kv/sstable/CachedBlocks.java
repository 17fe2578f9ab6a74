package dev.iobus.kv.sstable;

import dev.iobus.storage.page.BlockFile;
import dev.iobus.storage.page.BlockLayout;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PinnedBlock;
import dev.iobus.storage.page.ReadAhead;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Blocks through the page cache, one pinned at a time. Who has gone forward for some blocks is
/// likely to go on: from there on the next ones are read ahead. A short scan, which ends before,
/// reads nothing in vain. Confined to one thread.
final class CachedBlocks implements BlockSource {

  /// Blocks in a row that nothing is read ahead for.
  private static final int SHORT_SCAN_BLOCKS = 4;

  private final PageCache cache;
  private final BlockFile file;
  private final IndexBlock index;
  private @Nullable PinnedBlock pinned;

  /// The block that was loaded last, −1 before the first, and how many in a row led to it.
  private int last = -1;
  private int inARow;

  /// Made for the first long scan.
  private @Nullable ReadAhead ahead;

  CachedBlocks(PageCache cache, BlockFile file, IndexBlock index) {
    this.cache = cache;
    this.file = file;
    this.index = index;
  }

  @Override
  public MemorySegment load(int block) throws IOException {
    close();
    inARow = block == last + 1 && last >= 0 ? inARow + 1 : 1;
    last = block;
    PinnedBlock loaded = inARow < SHORT_SCAN_BLOCKS ? pin(block) : pinAhead(block);
    pinned = loaded;
    return loaded.segment();
  }

  private PinnedBlock pin(int block) throws IOException {
    long packed = index.packed(block);
    return cache.pin(file, BlockHandle.offset(packed), BlockHandle.pages(packed));
  }

  private PinnedBlock pinAhead(int block) throws IOException {
    ReadAhead reader = ahead;
    if (reader == null) {
      reader = cache.readAhead(file, new Layout());
      ahead = reader;
    }
    return reader.pin(BlockHandle.offset(index.packed(block)));
  }

  @Override
  public void close() {
    PinnedBlock held = pinned;
    pinned = null;
    if (held != null) {
      held.close();
    }
  }

  /// The table's blocks as whoever reads ahead asks for them: the one that is loaded, and those
  /// behind it in order.
  private final class Layout implements BlockLayout {

    /// The block that was asked for last.
    private int at;

    @Override
    public int pagesAt(long offset) {
      int block = at;
      if (block >= index.count() || offsetOf(block) > offset) {
        block = last;
      }
      while (block < index.count() && offsetOf(block) < offset) {
        block++;
      }
      at = block;
      return block < index.count() && offsetOf(block) == offset
          ? BlockHandle.pages(index.packed(block))
          : 0;
    }

    private long offsetOf(int block) {
      return BlockHandle.offset(index.packed(block));
    }
  }
}
