package dev.iobus.kv;

import dev.iobus.Scheduler;
import java.util.concurrent.atomic.AtomicLong;

/// Slows writers smoothly while flushes and compactions are behind, so that they need not be
/// stopped. Thread-safe.
///
/// Debt is what waits to be merged, from 0 (nothing is behind) to 1. Above 0 all writers together
/// may write so many bytes a second; the rate falls with the square of what is left until 1. Each
/// write books its bytes on one clock and waits for its turn, at most [#DELAY_NANOS_MAX]. What is
/// hard is memory alone: when all memtables are full a writer waits for a flush.
final class WriteStall {

  /// The longest that one write is delayed here, in nanoseconds.
  static final long DELAY_NANOS_MAX = 50_000_000;

  /// Tables of level 0 at which writers begin to be slowed, and at which they are slowest.
  static final int LEVEL_ZERO_SLOWDOWN = 8;

  static final int LEVEL_ZERO_SLOWEST = 24;

  /// Bytes a second that are allowed just above debt 0, and at 1.
  private static final double RATE_MAX = 64 << 20;

  private static final double RATE_MIN = 1 << 20;

  private final Scheduler scheduler;

  /// When the next write may begin, on the scheduler's clock.
  private final AtomicLong nextNanos;

  private final AtomicLong stallNanos = new AtomicLong();

  /// 0 to 1.
  private volatile double debt;

  WriteStall(Scheduler scheduler) {
    this.scheduler = scheduler;
    this.nextNanos = new AtomicLong(scheduler.nanoTime());
  }

  /// Says how far behind the merging is.
  ///
  /// @param levelZeroTables tables of level 0
  void update(int levelZeroTables) {
    double behind = levelZeroTables - (LEVEL_ZERO_SLOWDOWN - 1);
    double span = LEVEL_ZERO_SLOWEST - (LEVEL_ZERO_SLOWDOWN - 1);
    debt = Math.clamp(behind / span, 0, 1);
  }

  /// Delays the caller for `bytes` that it is about to write. Needs no lock.
  void pace(long bytes) {
    double now = debt;
    if (now > 0) {
      delay(bytes, now);
    }
  }

  private void delay(long bytes, double debtNow) {
    double left = 1 - debtNow;
    double rate = RATE_MIN + (RATE_MAX - RATE_MIN) * left * left;
    long cost = (long) (bytes * 1e9 / rate);
    long start = scheduler.nanoTime();
    long turn;
    while (true) {
      long before = nextNanos.get();
      // Time in which nobody wrote is not saved up; and no queue is longer than the bound.
      turn = Math.clamp(before + cost, start, start + DELAY_NANOS_MAX);
      if (nextNanos.compareAndSet(before, turn)) {
        break;
      }
    }
    long now = start;
    while (now < turn) {
      scheduler.park(turn);
      now = scheduler.nanoTime();
    }
    stallNanos.addAndGet(now - start);
  }

  long stallNanos() {
    return stallNanos.get();
  }
}
