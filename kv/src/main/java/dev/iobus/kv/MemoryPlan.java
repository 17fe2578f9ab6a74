package dev.iobus.kv;

import dev.iobus.kv.version.FileNames;
import dev.iobus.storage.page.PageCacheOptions;
import dev.iobus.storage.wal.WalOptions;

/// How the one number of the user is divided: what each part is sure of. The rest goes to whoever
/// asks first, mostly the cache, which is kept from taking all of it. Immutable.
///
/// | part | sure of |
/// |---|---|
/// | memtables | the active one, and two sealed ones or one for the largest batch |
/// | indexes and filters | 1/16; for more the cache gives way |
/// | table writers | 2 MiB each for flush and compaction |
/// | I/O slab | 1/16, at most 4 MiB |
/// | blocks of readers | 1 MiB for each 16 MiB, at most 16 |
/// | log | three buffers of 1/64, at most 512 KiB each |
/// | manifest | two buffers of 64 KiB |
///
/// @param memtableFloorBytes for memtables
/// @param indexFloorBytes for indexes and filters
/// @param writerFloorBytes for table writers
/// @param batchBytesMax what one batch may take in a memtable
/// @param cache settings of the page cache
/// @param groupBufferBytes one buffer of the log
record MemoryPlan(
    long memtableFloorBytes,
    long indexFloorBytes,
    long writerFloorBytes,
    long batchBytesMax,
    PageCacheOptions cache,
    int groupBufferBytes) {

  private static final long PAGE = 4096;
  private static final long MIB = 1 << 20;

  /// @param manifestBytes what the manifest is sure of
  static MemoryPlan of(StoreOptions options, long manifestBytes) {
    long all = options.memoryBytes();
    long batchMax = all / 8;
    long memtables = Memtables.floorBytes(options.memtableCapacity(), batchMax);
    long indexes = all / 16;
    long writers = 4 * MIB;
    long slab = Math.clamp(all / 16, 64 << 10, 4 * MIB) / PAGE * PAGE;
    int readers = Math.clamp(all / (16 * MIB), 1, 16);
    long group = Math.clamp(all / 64, 16 << 10, 512 << 10) / PAGE * PAGE;
    long files = 3 * group + manifestBytes;
    long free = all - memtables - indexes - writers - slab - readers * MIB - files;
    // Large values pass through buffers beside the frames: some room must be left for them.
    long frames = Math.max(MIB, free - Math.max(free / 4, batchMax));
    return new MemoryPlan(
        memtables,
        indexes,
        writers,
        batchMax,
        new PageCacheOptions((int) slab, readers, frames),
        (int) group);
  }

  /// Settings of the log.
  WalOptions log(StoreOptions options) {
    return WalOptions.defaults()
        .withNamePrefix(FileNames.LOG_PREFIX)
        .withDurability(options.durability())
        .withSegmentBytes(options.firstLogSegmentBytes(), options.maxLogSegmentBytes())
        .withGroupBufferBytes(groupBufferBytes);
  }
}
