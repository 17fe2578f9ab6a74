package dev.iobus.bench.measure;

/// What some workers did.
///
/// @param operations how many steps ended
/// @param bytes how many bytes of user data they moved
/// @param nanos wall time from the common start to the end of the last worker
/// @param latencies the time of each step
public record Measurement(long operations, long bytes, long nanos, Latencies latencies) {

  public double operationsPerSecond() {
    return operations * 1e9 / nanos;
  }

  /// In units of 10⁶ bytes.
  public double megabytesPerSecond() {
    return bytes * 1e3 / nanos;
  }
}
