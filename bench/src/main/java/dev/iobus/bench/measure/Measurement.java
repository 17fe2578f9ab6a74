package dev.iobus.bench.measure;

import org.HdrHistogram.Histogram;

/// What some workers did.
///
/// @param operations how many operations ended
/// @param bytes how many bytes of user data they moved
/// @param nanos wall time from the common start to the end of the last worker
/// @param latencies the time of each step, in nanoseconds
/// @param series how fast it went over time
/// @param allocatedBytes heap that all threads asked for meanwhile; NaN when it was not measured
public record Measurement(
    long operations,
    long bytes,
    long nanos,
    Histogram latencies,
    Series series,
    double allocatedBytes) {

  /// One whose heap was not measured.
  public Measurement(
      long operations, long bytes, long nanos, Histogram latencies, Series series) {
    this(operations, bytes, nanos, latencies, series, Double.NaN);
  }

  public double operationsPerSecond() {
    return operations * 1e9 / nanos;
  }

  /// In units of 10⁶ bytes.
  public double megabytesPerSecond() {
    return bytes * 1e3 / nanos;
  }

  public double nanosAt(double percentile) {
    return Latencies.nanosAt(latencies, percentile);
  }
}
