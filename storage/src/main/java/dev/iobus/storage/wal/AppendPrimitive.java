package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// How a group becomes durable, chosen for a directory by trying ([AppendProbe]). Immutable.
///
/// Devices differ by more than a factor of two, in both directions, so no way is right everywhere.
///
/// @param way what is done
/// @param direct whether past the page cache
/// @param past what the ways past the page cache took; null when they were not tried
/// @param through what the ways through the page cache took; null when they were not tried
record AppendPrimitive(Way way, boolean direct, @Nullable Trial past, @Nullable Trial through) {

  /// What makes a block durable.
  enum Way {
    /// One write that is durable when it completes.
    DSYNC("DSYNC write"),
    /// A write, then an fdatasync.
    SYNC("write + fdatasync"),
    /// The same, tied to each other, in one submission.
    LINKED("write + fdatasync, linked");

    private final String label;

    Way(String label) {
      this.label = label;
    }
  }

  /// What each way to write a block took on one file.
  ///
  /// @param count how many trials of each count
  /// @param dsyncNanos median of one DSYNC write, in nanoseconds
  /// @param syncNanos median of a write and an fdatasync
  /// @param linkedNanos median of both in one submission
  record Trial(int count, long dsyncNanos, long syncNanos, long linkedNanos) {

    /// Without a clear difference the single write wins: it lets groups overlap and needs one
    /// request.
    Way way() {
      long synced = Math.min(syncNanos, linkedNanos);
      if (dsyncNanos <= synced + synced / 4) {
        return Way.DSYNC;
      }
      return syncNanos <= linkedNanos ? Way.SYNC : Way.LINKED;
    }

    long bestNanos() {
      return switch (way()) {
        case DSYNC -> dsyncNanos;
        case SYNC -> syncNanos;
        case LINKED -> linkedNanos;
      };
    }
  }

  /// For a log that nobody expects to be synced at each append: not worth a trial.
  static AppendPrimitive untried(boolean direct) {
    return new AppendPrimitive(Way.SYNC, direct, null, null);
  }

  /// The quicker way of one that was tried only through the page cache, or in both modes. Past the
  /// cache without a clear difference: it leaves the cache to others, and overlaps.
  ///
  /// @param past null where direct transfers do not work
  static AppendPrimitive choose(@Nullable Trial past, Trial through) {
    boolean direct =
        past != null && past.bestNanos() <= through.bestNanos() + through.bestNanos() / 4;
    Trial chosen = direct && past != null ? past : through;
    return new AppendPrimitive(chosen.way(), direct, past, through);
  }

  /// Whether a group becomes durable by its write alone.
  boolean dsync() {
    return way == Way.DSYNC;
  }

  /// What the chosen mode took; null when nothing was tried.
  @Nullable Trial chosen() {
    return direct ? past : through;
  }

  /// One line for people: the choice and the measured latencies.
  String description() {
    StringBuilder line = new StringBuilder(direct ? "direct " : "buffered ");
    line.append(way.label);
    describe(line, "direct", past);
    describe(line, "buffered", through);
    return line.toString();
  }

  private static void describe(StringBuilder line, String mode, @Nullable Trial trial) {
    if (trial != null) {
      line.append(
          "; %s, median of %d: DSYNC write %d us, write + fdatasync %d us, linked %d us"
              .formatted(
                  mode,
                  trial.count(),
                  trial.dsyncNanos() / 1000,
                  trial.syncNanos() / 1000,
                  trial.linkedNanos() / 1000));
    }
  }
}
