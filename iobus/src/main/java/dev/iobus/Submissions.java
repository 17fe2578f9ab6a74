package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.RequestQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Operations of the callers of one ring on their way to its backend: whoever flushes submits for all, so that
/// many operations go with one system call and nobody waits for a lock.
///
/// Only so many are at the backend at a time. The others wait here, and not their callers for a
/// place: as results arrive, the oldest go on, many with one system call, and the device's queue
/// stays deep while no thread has run. Cancels go first.
///
/// ```
///   add ──► newest ──► backlog ──► backend ──► ended
/// ```
///
/// Invariants.
/// 1. [RequestQueue#prepare] and [RequestQueue#submit] are called by one task at a time.
/// 2. Whoever adds, or says that one [#ended], and then flushes can rely on the submission of what
///    has room: either it takes the operation itself, or the task that flushes at that moment lets
///    go of the right to submit, and only then looks whether there is something to do.
/// 3. Two that are tied to each other are prepared one right behind the other, and submitted
///    together.
/// 4. A tag is free before [#inFlight] says so, and is given only after that was read.
///
/// Thread-safe.
final class Submissions {

  /// So many operations are worth a system call of their own while the reaper has not come to it.
  /// Fewer cost more calls, more leave the device without work meanwhile.
  private static final int DUE = 8;

  private final RequestQueue backend;
  private final BusCounts counts;
  private final int inFlightMax;

  private final Tags tags;

  /// The newest operation, linked to the older ones.
  private final AtomicReference<@Nullable Slot> newest = new AtomicReference<>();

  /// The right to submit.
  private final AtomicBoolean submitting = new AtomicBoolean();

  /// Operations at the backend.
  private final AtomicInteger inFlight = new AtomicInteger();

  // The backlog, oldest first, linked to the younger ones. Owned by the holder of the right.
  private @Nullable Slot oldest;
  private @Nullable Slot youngest;
  private int queued;
  /// What the backend was given since the last system call.
  private int prepared;

  // For those who do not have the right, as it was when that was last given back: the length of the
  // backlog, and the places that its oldest operation takes.
  private volatile int backlog;
  private volatile int wanted;

  /// @param inFlightMax operations at the backend at a time, at least 1; where the backend can hold
  ///     one more, it is for a cancel
  Submissions(RequestQueue backend, BusCounts counts, int inFlightMax) {
    this.backend = backend;
    this.counts = counts;
    this.inFlightMax = inFlightMax;
    this.tags = new Tags(Math.min(backend.capacity(), inFlightMax + 1));
  }

  void add(Slot slot) {
    Slot older = newest.get();
    while (true) {
      slot.next = older;
      slot.added = older == null ? 1 : older.added + 1;
      if (newest.compareAndSet(older, slot)) {
        return;
      }
      older = newest.get();
    }
  }

  /// Takes a completion by one task at a time. Returns the operation that the backend has ended.
  Slot ended(long userData) {
    Slot slot = tags.takeBack(userData);
    inFlight.decrementAndGet();
    return slot;
  }

  /// Whether so much waits to be submitted that it should not wait for the reaper.
  boolean isDue() {
    Slot slot = newest.get();
    int waiting = slot == null ? backlog : slot.added;
    return waiting >= DUE && room() >= DUE;
  }

  private int room() {
    return inFlightMax - inFlight.get();
  }

  private boolean hasWork() {
    return newest.get() != null || (backlog > 0 && room() >= wanted);
  }

  /// Submits what was added and has room, oldest first. Returns 0, or a negated error number that
  /// ends the ring. What it throws ends the ring, too: arguments were checked before.
  int flush() {
    while (hasWork() && submitting.compareAndSet(false, true)) {
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
    prepared = 0;
    int result = 0;
    Slot slot = oldestFirst(newest.getAndSet(null));
    while (slot != null) {
      Slot following = slot.next;
      queue(slot);
      slot = following;
    }
    Slot first = oldest;
    while (first != null && result >= 0 && hasRoomFor(first)) {
      unqueue(first);
      result = prepare(first);
      first = oldest;
    }
    if (backlog != queued) {
      backlog = queued;
    }
    int next = first == null ? 0 : places(first);
    if (wanted != next) {
      wanted = next;
    }
    return result < 0 ? result : submitPrepared();
  }

  private boolean hasRoomFor(Slot slot) {
    int max = slot.request.op == Op.CANCEL ? tags.count() : inFlightMax;
    return inFlight.get() + prepared + places(slot) <= max;
  }

  private static int places(Slot slot) {
    return slot.tied == null ? 1 : 2;
  }

  private int prepare(Slot slot) {
    int result = backend.room() < places(slot) ? submitPrepared() : 0;
    Slot next = result < 0 ? null : slot;
    while (next != null) {
      tags.give(next);
      backend.prepare(next.request);
      counts.prepared(next.request.op);
      prepared++;
      next = next.tied;
    }
    return result;
  }

  private int submitPrepared() {
    inFlight.addAndGet(prepared);
    counts.submitted(prepared);
    prepared = 0;
    return backend.submit();
  }

  private void queue(Slot slot) {
    Slot last = youngest;
    if (last == null || slot.request.op == Op.CANCEL) {
      slot.next = oldest;
      oldest = slot;
    } else {
      slot.next = null;
      last.next = slot;
    }
    if (slot.next == null) {
      youngest = slot;
    }
    queued++;
  }

  private void unqueue(Slot first) {
    oldest = first.next;
    first.next = null;
    if (oldest == null) {
      youngest = null;
    }
    queued--;
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
