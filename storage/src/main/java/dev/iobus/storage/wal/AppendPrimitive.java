package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How a group becomes durable, chosen for a directory by trying. Immutable.
///
/// Devices differ by more than a factor of two, in both directions, so no way is right everywhere.
/// The trials overwrite blocks of a prepared segment that hold nothing.
///
/// @param dsync whether by one write that is durable when it completes; else by a write and an
///     fdatasync
/// @param direct whether past the page cache
/// @param past what the ways past the page cache took; null when they were not tried
/// @param through what the ways through the page cache took; null when they were not tried
record AppendPrimitive(
    boolean dsync, boolean direct, @Nullable Trial past, @Nullable Trial through) {

  /// The first one warms up and does not count.
  private static final int TRIALS = 7;
  private static final long MOST_NANOS = 20_000_000;

  /// What two ways to write a block took on one file.
  ///
  /// @param count how many trials of each count
  /// @param dsyncNanos median of one DSYNC write, in nanoseconds
  /// @param syncNanos median of a write and fdatasync
  record Trial(int count, long dsyncNanos, long syncNanos) {

    /// Without a clear difference the single write wins: it lets groups overlap and needs one
    /// request.
    boolean prefersDsync() {
      return dsyncNanos <= syncNanos + syncNanos / 4;
    }

    long bestNanos() {
      return prefersDsync() ? dsyncNanos : syncNanos;
    }
  }

  /// For a log that nobody expects to be synced at each append: not worth a trial.
  static AppendPrimitive untried(boolean direct) {
    return new AppendPrimitive(false, direct, null, null);
  }

  /// Whether a segment has the blocks that a trial needs.
  static boolean canProbe(WalSegment segment, int blockSize) {
    return segment.capacity() >= (1L + 2 * TRIALS) * blockSize;
  }

  /// The quicker way of one that was tried only through the page cache, or in both modes. Past the
  /// cache without a clear difference: it leaves the cache to others, and overlaps.
  ///
  /// @param past null where direct transfers do not work
  static AppendPrimitive choose(@Nullable Trial past, Trial through) {
    boolean direct =
        past != null && past.bestNanos() <= through.bestNanos() + through.bestNanos() / 4;
    Trial chosen = direct && past != null ? past : through;
    return new AppendPrimitive(chosen.prefersDsync(), direct, past, through);
  }

  /// Tries both ways on blocks of `file` from `offset` on.
  ///
  /// @param block a block of zeros
  static Trial probe(LogFile file, long offset, MemorySegment block, Scheduler scheduler)
      throws IOException {
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
    return new Trial(Math.max(1, tried - 1), median(dsync, tried), median(sync, tried));
  }

  /// The median of all trials but the first, which is all there is on a very slow device.
  private static long median(long[] nanos, int count) {
    long[] sorted = Arrays.copyOfRange(nanos, Math.min(1, count - 1), count);
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /// What the chosen mode took; null when nothing was tried.
  @Nullable Trial chosen() {
    return direct ? past : through;
  }

  /// One line for people: the choice and the measured latencies.
  String description() {
    StringBuilder line = new StringBuilder(direct ? "direct " : "buffered ");
    line.append(dsync ? "DSYNC write" : "write + fdatasync");
    describe(line, "direct", past);
    describe(line, "buffered", through);
    return line.toString();
  }

  private static void describe(StringBuilder line, String mode, @Nullable Trial trial) {
    if (trial != null) {
      line.append(
          "; %s, median of %d: DSYNC write %d us, write + fdatasync %d us"
              .formatted(
                  mode, trial.count(), trial.dsyncNanos() / 1000, trial.syncNanos() / 1000));
    }
  }
}
