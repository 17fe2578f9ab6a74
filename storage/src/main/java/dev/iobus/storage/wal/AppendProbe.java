package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Tries how a block becomes durable in a directory, on blocks of a prepared segment that hold
/// nothing. Confined to one thread, used once.
///
/// Where both modes are tried the segment is written past the page cache and through it, as no file
/// of the log ever is again. All of that is synced and none of it is ever read, and what the cache
/// has of it is dropped by the kernel when the blocks are written past it.
final class AppendProbe {

  /// The first one warms up and does not count.
  private static final int TRIALS = 7;

  /// Blocks that are written in turn.
  private static final int BLOCKS = 15;

  private static final long MOST_NANOS = 20_000_000;

  private final Scheduler scheduler;
  private final MemorySegment block;

  /// @param block a block of zeros
  private AppendProbe(Scheduler scheduler, MemorySegment block) {
    this.scheduler = scheduler;
    this.block = block;
  }

  /// Whether a segment has the blocks that a trial needs.
  static boolean fits(WalSegment segment, int blockSize) {
    return segment.capacity() >= (1L + BLOCKS) * blockSize;
  }

  /// Chooses by trying, and leaves the segment's file, and those to come, open in the mode that
  /// won.
  ///
  /// @param block a block of zeros
  static AppendPrimitive run(
      WalSegment segment,
      SegmentSupply supply,
      LogFiles files,
      MemorySegment block,
      Scheduler scheduler)
      throws IOException {
    AppendProbe probe = new AppendProbe(scheduler, block);
    AppendPrimitive.Trial own = probe.on(segment.file());
    if (!segment.file().isDirect()) {
      return AppendPrimitive.choose(null, own);
    }
    LogFile buffered = files.open(segment.name(), false);
    try {
      AppendPrimitive choice = AppendPrimitive.choose(own, probe.on(buffered));
      if (!choice.direct()) {
        supply.writeBuffered();
        buffered = segment.exchangeFile(buffered);
      }
      return choice;
    } finally {
      buffered.close();
    }
  }

  /// Tries each way on blocks of `file` behind its first one.
  private AppendPrimitive.Trial on(LogFile file) throws IOException {
    long started = scheduler.nanoTime();
    long[] dsync = new long[TRIALS];
    long[] sync = new long[TRIALS];
    long[] linked = new long[TRIALS];
    int tried = 0;
    while (tried < TRIALS
        && (tried == 0 || scheduler.nanoTime() - started < MOST_NANOS * tried / (tried + 1))) {
      long begin = scheduler.nanoTime();
      file.writeFully(block, place(3 * tried), WriteFlag.DSYNC);
      long written = scheduler.nanoTime();
      file.writeFully(block, place(3 * tried + 1), WriteFlag.NONE);
      file.dataSync();
      long synced = scheduler.nanoTime();
      file.writeAndDataSync(block, place(3 * tried + 2));
      dsync[tried] = written - begin;
      sync[tried] = synced - written;
      linked[tried] = scheduler.nanoTime() - synced;
      tried++;
    }
    return new AppendPrimitive.Trial(
        Math.max(1, tried - 1),
        median(dsync, tried),
        median(sync, tried),
        median(linked, tried));
  }

  private long place(int write) {
    return (1L + write % BLOCKS) * block.byteSize();
  }

  /// The median of all trials but the first, which is all there is on a very slow device.
  private static long median(long[] nanos, int count) {
    long[] sorted = Arrays.copyOfRange(nanos, Math.min(1, count - 1), count);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
