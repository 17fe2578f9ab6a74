package dev.iobus;

import dev.iobus.backend.Op;
import java.io.IOException;

/// Cancels what is in flight on one ring of a [SharedBus] that closes. By the task that closes it.
final class SharedCancels {

  private final Scheduler scheduler;
  private final SlotTable slots;
  private final Reaping reaping;
  private final BusCounts counts;
  private final int capacity;

  SharedCancels(Scheduler scheduler, SharedRing ring) {
    this.scheduler = scheduler;
    slots = ring.slots;
    reaping = ring.reaping;
    counts = ring.counts;
    capacity = ring.capacity;
  }

  /// Cancels what is in flight; what then comes into flight in its place, too.
  void cancelAll() {
    int rounds = 1 + slots.size() / capacity;
    try {
      for (int round = 0; round < rounds && reaping.pending() > 0; round++) {
        for (int i = 0; i < slots.size() && reaping.pending() > 0; i++) {
          cancel(slots.get(i));
        }
      }
    } catch (IOException e) {
      // The bus has failed; nothing can be cancelled.
    }
  }

  private void cancel(Slot target) throws IOException {
    // A lone free slot is enough: the cancels go one after the other. Without one, an operation
    // must end by itself first.
    Slot slot = target.pending ? slots.acquireAhead() : null;
    if (slot != null) {
      target.cancelRequested = true;
      counts.cancelled();
      slot.begin(slot.single);
      slot.single.begin(scheduler.currentTask());
      slot.request.op = Op.CANCEL;
      slot.request.offset = target.request.userData; // Of nothing, until it is in flight.
      reaping.submit(slot);
      reaping.await(slot.single, 1, slot.index);
      slots.release(slot);
    }
  }
}
