package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.memory.MemoryBudget;

/// A [PageCache]'s parts of the budget. Immutable, but for what they hold.
final class CacheAccounts {

  private static final long READER_FLOOR_BYTES = 1 << 20;
  private static final int CHAINS_MIN = 1 << 10;
  private static final int CHAINS_MAX = 1 << 20;

  final MemoryBudget.Account ioBuffers;
  final MemoryBudget.Account frames;
  final MemoryBudget.Account readers;
  final int chainCount;
  private final long tableBytes;

  private CacheAccounts(
      MemoryBudget.Account ioBuffers,
      MemoryBudget.Account frames,
      MemoryBudget.Account readers,
      int chainCount,
      long tableBytes) {
    this.ioBuffers = ioBuffers;
    this.frames = frames;
    this.readers = readers;
    this.chainCount = chainCount;
    this.tableBytes = tableBytes;
  }

  static CacheAccounts open(MemoryBudget budget, PageCacheOptions options, Scheduler scheduler) {
    int chains = chainCount(Math.min(budget.limit(), options.frameBytesMax()));
    long tableBytes = tableBytes(chains, options, scheduler);
    MemoryBudget.Account io = budget.open("io buffers", options.ioBufferBytes());
    try {
      MemoryBudget.Account frames = budget.open("frames", tableBytes);
      try {
        MemoryBudget.Account readers =
            budget.open("readers", options.readers() * READER_FLOOR_BYTES);
        boolean granted = io.tryReserve(options.ioBufferBytes());
        boolean tableGranted = frames.tryReserve(tableBytes);
        assert granted : "a floor was not granted";
        assert tableGranted : "a floor was not granted";
        return new CacheAccounts(io, frames, readers, chains, tableBytes);
      } catch (IllegalArgumentException e) {
        frames.close();
        throw e;
      }
    } catch (IllegalArgumentException e) {
      io.close();
      throw e;
    }
  }

  /// About one chain for each block of a page: a power of two.
  private static int chainCount(long frameBytes) {
    long blocks = Math.clamp(frameBytes / PageCache.PAGE_BYTES, CHAINS_MIN, CHAINS_MAX);
    return (int) Long.highestOneBit(2 * blocks - 1);
  }

  /// Heap of the table, of the sketch beside it, which has a word for each chain, and of what does
  /// not grow with the frames.
  static long tableBytes(int chains, PageCacheOptions options, Scheduler scheduler) {
    return FrameTable.heapBytes(chains)
        + FrequencySketch.heapBytes(chains)
        + ExtentDemand.heapBytes()
        + WindowShare.heapBytes()
        + PinSlots.heapBytes(scheduler.parallelism())
        + IoSlab.heapBytes(options.ioBufferBytes());
  }

  /// Memory that a failed bus may still write to stays reserved, as it is never freed.
  ///
  /// @param freedIoBytes what of the I/O buffers was freed
  void close(long freedIoBytes) {
    readers.tryClose();
    frames.release(tableBytes);
    frames.close();
    ioBuffers.release(freedIoBytes);
    ioBuffers.tryClose();
  }
}
