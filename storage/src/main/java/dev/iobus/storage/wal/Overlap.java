package dev.iobus.storage.wal;

/// Whether a second group is written while the first is in flight: where the device does both in
/// little more than the time of one. That is measured all the time. Guarded by the log's lock.
final class Overlap {

  /// How many groups are in flight at most. More than two brought nothing on any device tried.
  static final int DEPTH = 2;

  /// Where two at a time take longer than this, they are written one after the other.
  private static final double WORTH = 1.6;

  /// Groups until two at a time are tried again.
  private static final int PAUSE = 4096;

  /// Weight of a new measurement, as a shift.
  private static final int SHIFT = 4;

  private long aloneNanos;
  private long sharedNanos;
  private int pause;

  /// Whether a group of `bytes` is to be written while one of `ahead` bytes is in flight. A small
  /// one waits: more will join it, and one write for all costs less than two.
  boolean isWorth(long bytes, long ahead) {
    return pause == 0 && bytes >= ahead / 2;
  }

  /// Takes note of a durable write of one group.
  ///
  /// @param accompanied whether another was in flight with it
  void completed(long nanos, boolean accompanied) {
    if (!accompanied) {
      aloneNanos = mean(aloneNanos, nanos);
      pause = Math.max(0, pause - 1);
      return;
    }
    sharedNanos = mean(sharedNanos, nanos);
    if (aloneNanos > 0 && sharedNanos > WORTH * aloneNanos) {
      pause = PAUSE;
      sharedNanos = 0;
    }
  }

  private static long mean(long before, long nanos) {
    return before == 0 ? nanos : before + ((nanos - before) >> SHIFT);
  }
}
