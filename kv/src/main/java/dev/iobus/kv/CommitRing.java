package dev.iobus.kv;

import dev.iobus.Scheduler;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The commits between reserve and publish, in the order of their sequences. Preallocated.
///
/// Slots go FREE → TAKEN → DONE → PUBLISHED → FREE. The taker (under the commit lock) and the owner
/// (DONE, and back to FREE) are the committing task; the publisher is whoever finds the head done.
///
/// Invariants:
/// 1. A slot is DONE only while its commit is at or after the head: so DONE at the head's place
///    means that the head's commit is done.
/// 2. The publisher stores PUBLISHED and then reads the waiter; the owner stores itself as waiter
///    and then reads the state. All four are volatile, so one of them sees the other.
/// 3. Who marks a commit done and then finds the role held need not publish: the holder looks at
///    the head again after it gave the role back.
final class CommitRing {

  private static final int FREE = 0;
  private static final int TAKEN = 1;
  private static final int DONE = 2;
  private static final int PUBLISHED = 3;

  private final Scheduler scheduler;
  private final int mask;
  private final AtomicIntegerArray states;
  private final AtomicReferenceArray<Scheduler.@Nullable Task> waiters;

  /// The last sequence of each commit; written by the taker before DONE, read by the publisher
  /// after it.
  private final long[] lastSequences;

  /// Guarded by the commit lock: the next index.
  private long tail;

  /// 0 free, 1 held: who publishes.
  private final AtomicInteger publisher = new AtomicInteger();

  /// Written by the publisher: the first index that is not published.
  private volatile long head;

  /// Written by the publisher: every entry up to this sequence is visible.
  private volatile long published;

  /// @param capacity commits at a time, a power of two
  CommitRing(Scheduler scheduler, int capacity, long published) {
    if (Integer.bitCount(capacity) != 1) {
      throw new IllegalArgumentException("capacity " + capacity + " is not a power of two");
    }
    this.scheduler = scheduler;
    this.mask = capacity - 1;
    this.states = new AtomicIntegerArray(capacity);
    this.waiters = new AtomicReferenceArray<>(capacity);
    this.lastSequences = new long[capacity];
    this.published = published;
  }

  /// The last sequence that readers see.
  long published() {
    return published;
  }

  /// Whether [#take] may be called. Needs the commit lock.
  boolean hasFree() {
    return states.get((int) tail & mask) == FREE;
  }

  /// Takes the next slot. Needs the commit lock and [#hasFree()]. Never waits, never fails.
  ///
  /// @param lastSequence of the commit
  long take(long lastSequence) {
    long index = tail++;
    int slot = (int) index & mask;
    assert states.get(slot) == FREE : "slot " + slot + " was taken twice";
    lastSequences[slot] = lastSequence;
    states.set(slot, TAKEN);
    return index;
  }

  /// The owner's entries are all in the memtable: publishes as far as everything is done.
  void done(long index) {
    states.set((int) index & mask, DONE);
    while (states.get((int) head & mask) == DONE && publisher.compareAndSet(0, 1)) {
      publishDone();
      publisher.set(0);
    }
  }

  private void publishDone() {
    long index = head;
    for (int slot = (int) index & mask; states.get(slot) == DONE; slot = (int) index & mask) {
      published = lastSequences[slot];
      head = ++index;
      states.set(slot, PUBLISHED);
      Scheduler.Task waiter = waiters.get(slot);
      if (waiter != null) {
        scheduler.unpark(waiter);
      }
    }
  }

  /// Whether the owner's commit is published; its slot was not given back.
  boolean isPublished(long index) {
    return states.get((int) index & mask) == PUBLISHED;
  }

  /// Waits until the owner's commit is published, and gives the slot back.
  ///
  /// @return false when the store failed before; the slot is never given back then
  boolean awaitPublished(long index, StoreState state) {
    int slot = (int) index & mask;
    if (states.get(slot) != PUBLISHED) {
      waiters.set(slot, scheduler.currentTask());
      while (states.get(slot) != PUBLISHED) {
        if (state.failure() != null) {
          return false;
        }
        scheduler.park(Long.MAX_VALUE);
      }
      waiters.set(slot, null);
    }
    states.set(slot, FREE);
    return true;
  }

  /// Wakes all owners, to see that the store has failed.
  void wakeAll() {
    for (int slot = 0; slot <= mask; slot++) {
      Scheduler.Task waiter = waiters.get(slot);
      if (waiter != null) {
        scheduler.unpark(waiter);
      }
    }
  }
}
