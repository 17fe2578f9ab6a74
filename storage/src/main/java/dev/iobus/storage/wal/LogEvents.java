package dev.iobus.storage.wal;

import jdk.jfr.FlightRecorder;

/// What the log tells to who watches it: JDK Flight Recorder, where the module is there, and the
/// system's logger for what should not happen. Thread-safe.
final class LogEvents {

  private static final boolean HAS_JFR =
      ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private static final long NANOS_PER_MILLI = 1_000_000;

  private LogEvents() {}

  /// Before the recorder has run for the first time nobody can want an event, and loading its class
  /// would cost the opening of a log a tenth of a second.
  private static boolean isRecorderThere() {
    return HAS_JFR && FlightRecorder.isInitialized();
  }

  /// The log was opened.
  static void opened(String log, AppendPrimitive primitive, WalTail tail) {
    if (isRecorderThere()) {
      FlightRecorderEvents.opened(log, primitive, tail);
    }
  }

  /// A group was written.
  static void written(Flight flight) {
    if (isRecorderThere()) {
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
    if (isRecorderThere()) {
      FlightRecorderEvents.slow(log, bytes, nanos);
    }
  }

  /// Writers wait because the next segment was not prepared in time.
  static void segmentLate(String log) {
    if (isRecorderThere()) {
      FlightRecorderEvents.segmentLate(log);
    }
  }

  /// The log has failed.
  static void failed(String log, Throwable cause) {
    if (isRecorderThere()) {
      FlightRecorderEvents.failed(log, cause);
    }
  }
}
