package dev.iobus.bench.cache;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.bench.host.DiskUse;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.BlockDecoder;
import dev.iobus.storage.page.BlockFile;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PageCacheOptions;
import dev.iobus.storage.page.PinnedBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/// The page cache over a file without content, which costs no disk. Every block is decoded to its
/// own offset, which is checked with each use.
final class PageCacheSubject implements CacheSubject {

  private static final long OTHER_BYTES = 32L << 20;

  private final Path path;
  private final SharedBus bus;
  private final DataDirectory directory;
  private final DataFile data;
  private final PageCache cache;
  private final BlockFile file;
  private final Offsets offsets = new Offsets();

  /// Counts what is loaded. Used by one thread.
  private static final class Offsets implements BlockDecoder {
    private long loads;

    @Override
    public int verify(MemorySegment stored, long offset) {
      return (int) stored.byteSize();
    }

    @Override
    public void decode(MemorySegment stored, long offset, MemorySegment frame) {
      loads++;
      frame.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, offset);
    }
  }

  /// @param capacity blocks that fit, a multiple of 256
  /// @param fileBlocks blocks of the file
  PageCacheSubject(int capacity, long fileBlocks) throws IOException {
    path = Files.createTempDirectory("page-cache-");
    bus = SharedBus.open(BusOptions.defaults());
    directory = DataDirectory.open(bus, path);
    data = directory.create("blocks", false);
    data.truncate(fileBlocks * PageCache.PAGE_BYTES);
    long frameBytes = (long) capacity * PageCache.PAGE_BYTES;
    cache =
        PageCache.open(
            bus,
            new MemoryBudget(frameBytes + OTHER_BYTES),
            PageCacheOptions.defaults().withFrameBytesMax(frameBytes));
    file = cache.attach(data, 1, offsets);
  }

  @Override
  public boolean use(long block) throws IOException {
    long before = offsets.loads;
    long offset = block * PageCache.PAGE_BYTES;
    try (PinnedBlock pinned = cache.pin(file, offset, 1)) {
      long found = pinned.segment().get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
      if (found != offset) {
        throw new AssertionError("asked for " + offset + ", found " + found);
      }
    }
    return offsets.loads == before;
  }

  @Override
  public void close() throws IOException {
    file.close();
    cache.close();
    data.close();
    directory.close();
    bus.close();
    DiskUse.remove(path);
  }
}
