package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.DataFile;
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
/// @param description one line for people: the choice and the measured latencies
record AppendPrimitive(boolean dsync, String description) {

  /// The first one warms up and does not count.
  private static final int TRIALS = 7;
  private static final long MOST_NANOS = 20_000_000;

  /// For a log that nobody expects to be synced at each append: not worth a trial.
  static AppendPrimitive untried() {
    return new AppendPrimitive(false, "buffered write + fdatasync");
  }

  /// Whether a segment has the blocks that a trial needs.
  static boolean canProbe(WalSegment segment, int blockSize) {
    return segment.capacity() >= (1L + 2 * TRIALS) * blockSize;
  }

  /// Tries both ways on blocks of `file` from `offset` on.
  ///
  /// @param block a block of zeros
  static AppendPrimitive probe(
      DataFile file, long offset, MemorySegment block, Scheduler scheduler) throws IOException {
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
    String mode = file.isDirect() ? "direct" : "buffered";
    return new AppendPrimitive(
        useDsync,
        "%s %s (median of %d: DSYNC write %d us, write + fdatasync %d us)"
            .formatted(
                mode,
                useDsync ? "DSYNC write" : "write + fdatasync",
                Math.max(1, tried - 1),
                dsyncMedian / 1000,
                syncMedian / 1000));
  }

  /// The median of all trials but the first, which is all there is on a very slow device.
  private static long median(long[] nanos, int count) {
    long[] sorted = Arrays.copyOfRange(nanos, Math.min(1, count - 1), count);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
