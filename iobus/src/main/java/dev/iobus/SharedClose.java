package dev.iobus;

import dev.iobus.backend.Backend;
import java.io.IOException;

/// The end of a [SharedBus]: refuses new calls, cancels what is in flight, waits until every call has
/// returned, and releases the ring. After it no write can land.
///
/// What has not ended after the `closeDeadline` of the options is leaked and logged. Thread-safe: a task
/// that finds another one at it waits until that has ended.
final class SharedClose {

  private final BusOptions options;
  private final CallGate gate;
  private final Backend backend;
  private final Registrations registrations;
  private final SlotTable slots;
  private final Reaping reaping;
  private final SharedCancels cancels;

  SharedClose(
      BusOptions options,
      CallGate gate,
      Backend backend,
      Registrations registrations,
      SlotTable slots,
      Reaping reaping,
      SharedCancels cancels) {
    this.options = options;
    this.gate = gate;
    this.backend = backend;
    this.registrations = registrations;
    this.slots = slots;
    this.reaping = reaping;
    this.cancels = cancels;
  }

  void close() {
    if (gate.close()) {
      try {
        closeBehindGate();
      } finally {
        gate.endClose();
      }
    } else {
      gate.awaitClose();
    }
  }

  private void closeBehindGate() {
    Scheduler scheduler = options.scheduler();
    boolean left = false;
    try {
      reaping.tellIfFailed(); // Who was not told of a failure would never leave.
      cancels.cancelAll();
      left = gate.awaitEmpty(scheduler.nanoTime() + Bus.nanos(options.closeDeadline()));
    } finally {
      end(left);
    }
  }

  /// @param left whether every call has left the bus
  private void end(boolean left) {
    slots.close();
    int pending = reaping.pending();
    // Who is still inside may yet touch the ring.
    boolean abandon = !backend.hasEnded() && (pending > 0 || !left);
    if (abandon) {
      System.getLogger(SharedBus.class.getName())
          .log(
              System.Logger.Level.ERROR,
              "{0} operations, or who waits for them, did not end within {1}; their memory is"
                  + " leaked",
              pending,
              options.closeDeadline());
      reaping.fail(new IOException("the bus was closed while operations did not end"));
    }
    reaping.stop();
    registrations.close(!abandon);
    backend.close(abandon);
  }
}
