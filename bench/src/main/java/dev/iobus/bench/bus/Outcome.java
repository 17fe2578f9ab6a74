package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Measurement;
import org.jspecify.annotations.Nullable;

/// What a run of a [Contender] gave. Immutable.
///
/// @param measurement what was done, and how fast
/// @param child the processor time of the process that did it; null when this one did
/// @param helperUserNanos processor time that a process which only asked for it spent in its own code
record Outcome(Measurement measurement, @Nullable ProcessorTime child, double helperUserNanos) {

  /// Processor time; NaN where it is not known. Immutable.
  ///
  /// @param userNanos in the program's own code
  /// @param systemNanos in the kernel
  record ProcessorTime(double userNanos, double systemNanos) {

    double nanos() {
      return userNanos + systemNanos;
    }
  }

  /// The outcome of a run of another process.
  static Outcome of(Measurement measurement, ProcessorTime child) {
    return new Outcome(measurement, child, 0);
  }

  /// The outcome of a run within this process that another one has asked for.
  static Outcome askedBy(Measurement measurement, double helperUserNanos) {
    return new Outcome(measurement, null, helperUserNanos);
  }

  /// The outcome of a run within this process.
  static Outcome here(Measurement measurement) {
    return new Outcome(measurement, null, 0);
  }
}
