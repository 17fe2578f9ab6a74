package dev.iobus;

import dev.iobus.backend.Backend;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Operations of all callers on their way to the backend: whoever flushes submits for all, so that
/// many operations go with one system call and nobody waits for a lock.
///
/// Invariants.
/// 1. [Backend#prepare] and [Backend#submit] are called by one task at a time.
/// 2. Whoever adds and then flushes can rely on the submission: either it takes the operation
///    itself, or the task that flushes at that moment lets go of the right to submit, and only then
///    looks whether something was added.
///
/// Thread-safe.
final class Submissions {

  private final Backend backend;
  private final BusCounts counts;

  /// The newest operation, linked to the older ones.
  private final AtomicReference<@Nullable Slot> newest = new AtomicReference<>();

  /// The right to submit.
  private final AtomicBoolean submitting = new AtomicBoolean();

  Submissions(Backend backend, BusCounts counts) {
    this.backend = backend;
    this.counts = counts;
  }

  void add(Slot slot) {
    Slot older = newest.get();
    while (true) {
      slot.next = older;
      if (newest.compareAndSet(older, slot)) {
        return;
      }
      older = newest.get();
    }
  }

  /// Submits all that was added, oldest first. Returns 0, or a negated error number that ends the
  /// ring. What it throws ends the ring, too: arguments were checked before.
  int flush() {
    while (newest.get() != null && submitting.compareAndSet(false, true)) {
      try {
        int result = submitAll();
        if (result < 0) {
          return result;
        }
      } finally {
        submitting.set(false);
      }
    }
    return 0;
  }

  private int submitAll() {
    Slot slot = oldestFirst(newest.getAndSet(null));
    int prepared = 0;
    while (slot != null) {
      Slot following = slot.next;
      slot.next = null;
      if (backend.room() == 0) {
        counts.submitted(prepared);
        prepared = 0;
        int result = backend.submit();
        if (result < 0) {
          return result;
        }
      }
      backend.prepare(slot.request);
      counts.prepared(slot.request.op);
      prepared++;
      slot = following;
    }
    counts.submitted(prepared);
    return backend.submit();
  }

  private static @Nullable Slot oldestFirst(@Nullable Slot newestFirst) {
    Slot reversed = null;
    Slot slot = newestFirst;
    while (slot != null) {
      Slot older = slot.next;
      slot.next = reversed;
      reversed = slot;
      slot = older;
    }
    return reversed;
  }
}
