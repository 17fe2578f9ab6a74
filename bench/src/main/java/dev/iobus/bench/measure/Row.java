package dev.iobus.bench.measure;

/// One line of the table.
///
/// @param phase what was done
/// @param operations how often
/// @param bytes bytes of user data moved
/// @param nanos wall time
/// @param p50Nanos median time of one operation; NaN when not measured
/// @param p99Nanos time within which 99 of 100 operations ended; NaN when not measured
/// @param writtenPerUserByte bytes sent to the device for each byte of user data written; NaN
///     when nothing was written or the host does not count
/// @param diskPerUserByte bytes of files for each byte of live user data; NaN when not measured
public record Row(
    String phase,
    long operations,
    long bytes,
    long nanos,
    double p50Nanos,
    double p99Nanos,
    double writtenPerUserByte,
    double diskPerUserByte) {

  /// A row without what the disk saw.
  public static Row of(String phase, Measurement measurement) {
    return new Row(
        phase,
        measurement.operations(),
        measurement.bytes(),
        measurement.nanos(),
        measurement.latencies().nanosAt(50),
        measurement.latencies().nanosAt(99),
        Double.NaN,
        Double.NaN);
  }

  public Row withWritten(double writtenPerUserByte) {
    return new Row(
        phase, operations, bytes, nanos, p50Nanos, p99Nanos, writtenPerUserByte, diskPerUserByte);
  }

  public Row withDisk(double diskPerUserByte) {
    return new Row(
        phase, operations, bytes, nanos, p50Nanos, p99Nanos, writtenPerUserByte, diskPerUserByte);
  }

  public double operationsPerSecond() {
    return operations * 1e9 / nanos;
  }

  /// In units of 10⁶ bytes.
  public double megabytesPerSecond() {
    return bytes * 1e3 / nanos;
  }
}
