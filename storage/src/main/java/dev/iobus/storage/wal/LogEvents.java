package dev.iobus.storage.wal;

/// What the log tells to who watches it: JDK Flight Recorder, where the module is there, and the
/// system's logger for what should not happen. Thread-safe.
final class LogEvents {

  private static final boolean HAS_JFR =
      ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private static final long NANOS_PER_MILLI = 1_000_000;

  private LogEvents() {}

  /// The log was opened.
  static void opened(String log, AppendPrimitive primitive, WalTail tail) {
    if (HAS_JFR) {
      FlightRecorderEvents.opened(log, primitive, tail);
    }
  }

  /// A group was written.
  static void written(Flight flight) {
    if (HAS_JFR) {
      FlightRecorderEvents.written(flight);
    }
  }

  /// A write is still in flight after a long time.
  static void slow(String log, long bytes, long nanos) {
    System.getLogger(Wal.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "the log {0} waits for its device: {1} bytes are in flight for {2} ms",
            log,
            bytes,
            nanos / NANOS_PER_MILLI);
    if (HAS_JFR) {
      FlightRecorderEvents.slow(log, bytes, nanos);
    }
  }

  /// Writers wait because the next segment was not prepared in time.
  static void segmentLate(String log) {
    if (HAS_JFR) {
      FlightRecorderEvents.segmentLate(log);
    }
  }

  /// The log has failed.
  static void failed(String log, Throwable cause) {
    if (HAS_JFR) {
      FlightRecorderEvents.failed(log, cause);
    }
  }
}
