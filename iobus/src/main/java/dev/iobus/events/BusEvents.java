package dev.iobus.events;

import java.util.Optional;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/// The events of a bus, behind a wall: no other class touches the recorder's.
///
/// An event's class is loaded when the recorder runs: it registers itself, for which the recorder
/// loads some 270 classes of its own, a tenth of a second of a virtual machine that has just begun.
///
/// Thread-safe.
public final class BusEvents {

  /// Constant for the compiler, which drops what stands behind it where it is false.
  private static final boolean PRESENT = isPresent();

  private BusEvents() {}

  private static boolean isPresent() {
    Optional<Module> recorder = ModuleLayer.boot().findModule("jdk.jfr");
    return recorder.isPresent() && BusEvents.class.getModule().canRead(recorder.get());
  }

  private static boolean isRecorderThere() {
    return PRESENT && FlightRecorder.isInitialized();
  }

  /// Whether slow operations are recorded; [#begin()] is for those alone that begin meanwhile.
  public static boolean recordsSlowOperations() {
    return isRecorderThere() && SlowOperation.isRecorded();
  }

  /// The beginning of an operation, now.
  public static Object begin() {
    return SlowOperation.begun();
  }

  /// As [#begin()] if slow operations are recorded, else null.
  public static @Nullable Object beginIfRecorded() {
    return recordsSlowOperations() ? begin() : null;
  }

  /// Takes the time at which an operation has ended.
  public static void end(Object begun) {
    ((SlowOperation) begun).end();
  }

  /// Whether an operation that has ended was slow. What is told of others is for nothing.
  public static boolean wasSlow(Object ended) {
    return ((SlowOperation) ended).shouldCommit();
  }

  /// Tells of an operation that was begun and ended, if it was slow.
  ///
  /// @param target a file's path, or what stands for it
  /// @param result bytes, a descriptor or 0; or a negated error number
  public static void tell(
      Object ended, String backend, String operation, String target, long offset, long result) {
    ((SlowOperation) ended).tell(backend, operation, target, offset, result);
  }

  public static boolean recordsFallbacks() {
    return isRecorderThere() && Fallback.isRecorded();
  }

  /// Tells what is done another way.
  ///
  /// @param what one line for people
  public static void fallback(String backend, String what) {
    if (recordsFallbacks()) {
      Fallback.tell(backend, what);
    }
  }

  static boolean recordsCancelStorms() {
    return isRecorderThere() && CancelStorm.isRecorded();
  }

  /// Tells that a pool had no buffer.
  ///
  /// @param target the socket that was to be received from
  public static void poolExhausted(String operation, String target, int buffers, int bufferBytes) {
    if (isRecorderThere() && PoolExhaustion.isRecorded()) {
      PoolExhaustion.tell(operation, target, buffers, bufferBytes);
    }
  }
}
