package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// How a group becomes durable, chosen for a directory by trying ([AppendProbe]). Immutable.
///
/// Devices differ by more than a factor of two, in both directions, so no way is right everywhere.
///
/// @param dsync whether by one write that is durable when it completes; else by a write and an
///     fdatasync
/// @param direct whether past the page cache
/// @param past what the ways past the page cache took; null when they were not tried
/// @param through what the ways through the page cache took; null when they were not tried
record AppendPrimitive(
    boolean dsync, boolean direct, @Nullable Trial past, @Nullable Trial through) {

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
