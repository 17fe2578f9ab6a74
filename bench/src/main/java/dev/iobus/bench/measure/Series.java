package dev.iobus.bench.measure;

import java.util.List;

/// How many operations a second were done in each interval of a run. Immutable.
///
/// @param intervalNanos the length of an interval
/// @param rates operations per second, in the order of time
public record Series(long intervalNanos, List<Double> rates) {

  /// A series without an interval.
  public static final Series NONE = new Series(1, List.of());

  public Series {
    if (intervalNanos < 1) {
      throw new IllegalArgumentException("interval " + intervalNanos + " ns is below 1");
    }
    rates = List.copyOf(rates);
  }
}
