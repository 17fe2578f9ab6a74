package dev.iobus;

import java.io.IOException;

/// The end of a [SharedBus]: refuses new calls, cancels what is in flight, waits until every call has
/// returned, and releases the rings. After it no write can land.
///
/// What has not ended after the `closeDeadline` of the options is leaked and logged. Thread-safe: a task
/// that finds another one at it waits until that has ended.
final class SharedClose {

  private final BusOptions options;
  private final CallGate gate;
  private final SharedRings rings;
  private final Registrations registrations;

  SharedClose(
      BusOptions options,
      CallGate gate,
      SharedRings rings,
      Registrations registrations) {
    this.options = options;
    this.gate = gate;
    this.rings = rings;
    this.registrations = registrations;
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
      rings.failure().tellIfUntold(); // Who was not would never leave.
      rings.all().forEach(ring -> new SharedCancels(scheduler, ring).cancelAll());
      left = gate.awaitEmpty(scheduler.nanoTime() + Bus.nanos(options.closeDeadline()));
    } finally {
      end(left);
    }
  }

  /// @param left whether every call has left the bus
  private void end(boolean left) {
    rings.all().forEach(ring -> ring.slots.close());
    int pending = rings.pending();
    // Who is still inside may yet touch the ring.
    boolean abandon = !rings.first().backend.hasEnded() && (pending > 0 || !left);
    if (abandon) {
      System.getLogger(SharedBus.class.getName())
          .log(
              System.Logger.Level.ERROR,
              "{0} operations, or who waits for them, did not end within {1}; their memory is"
                  + " leaked",
              pending,
              options.closeDeadline());
      rings.failure().set(new IOException("the bus was closed while operations did not end"));
    }
    rings.all().forEach(ring -> ring.reaping.stop());
    registrations.close(!abandon);
    rings.close(abandon);
  }
}
