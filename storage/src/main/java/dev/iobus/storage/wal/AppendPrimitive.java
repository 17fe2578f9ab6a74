package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// How a group becomes durable, chosen for a directory by trying. Immutable.
///
/// Devices differ by more than a factor of two, in both directions, so neither way is right
/// everywhere. The trial overwrites blocks of a prepared segment that hold nothing.
///
/// @param dsync whether by one write that is durable when it completes; else by a write and an
///     fdatasync
/// @param direct whether past the page cache
/// @param trials how many of each way count; 0 when none was tried
/// @param dsyncNanos median of the one write, in nanoseconds; 0 when it was not tried
/// @param syncNanos median of write and fdatasync
record AppendPrimitive(
    boolean dsync, boolean direct, int trials, long dsyncNanos, long syncNanos) {

  /// The first one warms up and does not count.
  private static final int TRIALS = 7;
  private static final long MOST_NANOS = 20_000_000;

  /// For a log that nobody expects to be synced at each append: not worth a trial.
  static AppendPrimitive untried(boolean direct) {
    return new AppendPrimitive(false, direct, 0, 0, 0);
  }

  /// Whether a segment has the blocks that a trial needs.
  static boolean canProbe(WalSegment segment, int blockSize) {
    return segment.capacity() >= (1L + 2 * TRIALS) * blockSize;
  }

  /// Tries both ways on blocks of `file` from `offset` on.
  ///
  /// @param block a block of zeros
  static AppendPrimitive probe(
      LogFile file, long offset, MemorySegment block, Scheduler scheduler) throws IOException {
    long started = scheduler.nanoTime();
    long[] dsync = new long[TRIALS];
    long[] sync = new long[TRIALS];
    int tried = 0;
    while (tried < TRIALS
        && (tried == 0 || scheduler.nanoTime() - started < MOST_NANOS * tried / (tried + 1))) {
      long at = offset + 2L * tried * block.byteSize();
      long begin = scheduler.nanoTime();
      file.writeFully(block, at, WriteFlag.DSYNC);
      long middle = scheduler.nanoTime();
      file.writeFully(block, at + block.byteSize(), WriteFlag.NONE);
      file.dataSync();
      dsync[tried] = middle - begin;
      sync[tried] = scheduler.nanoTime() - middle;
      tried++;
    }
    long dsyncMedian = median(dsync, tried);
    long syncMedian = median(sync, tried);
    // Without a clear difference the single write wins: it lets groups overlap and needs one request.
    boolean useDsync = dsyncMedian <= syncMedian + syncMedian / 4;
    return new AppendPrimitive(
        useDsync, file.isDirect(), Math.max(1, tried - 1), dsyncMedian, syncMedian);
  }

  /// The median of all trials but the first, which is all there is on a very slow device.
  private static long median(long[] nanos, int count) {
    long[] sorted = Arrays.copyOfRange(nanos, Math.min(1, count - 1), count);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /// One line for people: the choice and the measured latencies.
  String description() {
    String choice =
        (direct ? "direct " : "buffered ") + (dsync ? "DSYNC write" : "write + fdatasync");
    return trials == 0
        ? choice
        : "%s (median of %d: DSYNC write %d us, write + fdatasync %d us)"
            .formatted(choice, trials, dsyncNanos / 1000, syncNanos / 1000);
  }
}
