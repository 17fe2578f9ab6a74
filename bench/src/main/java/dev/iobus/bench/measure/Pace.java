package dev.iobus.bench.measure;

import java.util.concurrent.locks.LockSupport;

/// When steps begin. Without a rate, a worker begins a step when the one before has ended (closed
/// loop). With one, step `i` is meant to begin `i / rate` after the start, whatever happened
/// before, and its latency counts from then (open loop): a stall is seen by all steps that it held
/// up, as users would see it. Immutable.
///
/// @param perSecond steps per second of all workers together; 0 for a closed loop
public record Pace(double perSecond) {

  /// Each worker goes as fast as it can.
  public static final Pace CLOSED = new Pace(0);

  /// Below this a sleep costs more than it waits.
  private static final long SPIN_NANOS = 60_000;

  public Pace {
    if (!(perSecond >= 0) || Double.isInfinite(perSecond)) {
      throw new IllegalArgumentException("rate " + perSecond + " is not a number from 0 up");
    }
  }

  boolean isOpenLoop() {
    return perSecond > 0;
  }

  /// When step `index` is meant to begin, on the clock of [System#nanoTime()].
  long intendedStart(long from, long index) {
    return from + (long) (index * (1e9 / perSecond));
  }

  /// Waits until `at`; returns at once when it has passed.
  static void await(long at) {
    for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
      if (left > SPIN_NANOS) {
        LockSupport.parkNanos(left - SPIN_NANOS / 2);
      } else if (Thread.currentThread().isVirtual()) {
        LockSupport.parkNanos(left);
      } else {
        Thread.onSpinWait();
      }
    }
  }
}
