package dev.iobus;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The slots of one ring of a [SharedBus]: how many operations its callers can have given away, those included
/// that wait in [Submissions] to be in flight. Made as they are needed. Thread-safe.
///
/// Free slots form a stack whose head carries a count in its upper half, so that a slot that was
/// taken and given back in between is noticed (ABA).
///
/// Nobody who comes later takes a slot while others wait for one: those who always come back at once
/// would keep the others waiting for seconds. A slot that is given back is told to one waiter on a
/// platform thread and to one on a virtual thread: the virtual one may get no carrier before the
/// other has gone on.
final class SlotTable {

  private static final long VECTOR_BYTES = 16;

  /// Slots that are made at a time.
  private static final int STEP = 64;

  private final int ring;
  private final @Nullable Slot[] slots;
  private final int[] below;
  private final AtomicLong head = new AtomicLong();

  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition availableToPlatform;
  private final Scheduler.Condition availableToVirtual;
  /// Callers that found no slot. Written under the lock, read without.
  private volatile int waiters;
  /// Those of them that are no virtual threads.
  private volatile int platformWaiters;

  /// Slots that exist. Written under the lock, read without.
  private volatile int made;

  private volatile boolean closed;

  /// @param ring the number of the ring
  /// @param capacity how many slots there may be, at least 1
  SlotTable(int ring, int capacity, Scheduler scheduler) {
    this.ring = ring;
    slots = new @Nullable Slot[capacity];
    below = new int[capacity];
    this.scheduler = scheduler;
    lock = scheduler.newLock();
    availableToPlatform = lock.newCondition();
    availableToVirtual = lock.newCondition();
    makeMore();
  }

  /// Adds slots if there may be more. Under the lock, or by the constructor.
  private void makeMore() {
    int from = made;
    int to = Math.min(slots.length, from + STEP);
    if (from == to) {
      return;
    }
    MemorySegment vectors = Arena.ofAuto().allocate((to - from) * VECTOR_BYTES, 8);
    // All of them are made before the first is given: without memory there are none, and none twice.
    for (int i = from; i < to; i++) {
      slots[i] = new Slot(ring, i, vectors.asSlice((i - from) * VECTOR_BYTES, VECTOR_BYTES));
    }
    made = to;
    for (int i = to - 1; i >= from; i--) {
      push(i);
    }
  }

  int capacity() {
    return slots.length;
  }

  /// How many slots there are so far, under indices from 0 on.
  int size() {
    return made;
  }

  Slot get(int index) {
    Slot slot = slots[index];
    if (slot == null) {
      throw new AssertionError("slot " + index + " does not exist");
    }
    return slot;
  }

  /// A free slot; null when all are in use, or others come first.
  @Nullable Slot tryAcquire() {
    if (mustQueue()) {
      return null;
    }
    Slot slot = pop();
    return slot != null || made == slots.length ? slot : makeOrWait(false);
  }

  /// A free slot whoever waits for one; null when all are in use. For operations without which
  /// others might wait for ever.
  @Nullable Slot acquireAhead() {
    return pop();
  }

  /// Waits for a free slot.
  ///
  /// @throws IllegalStateException when the table is closed
  Slot acquire() {
    Slot slot = mustQueue() ? null : pop();
    return slot != null ? slot : Objects.requireNonNull(makeOrWait(true));
  }

  /// Whether others wait who come first. A platform thread goes before virtual ones, as it must
  /// not wait until they are scheduled.
  private boolean mustQueue() {
    int all = waiters;
    return all > 0 && (platformWaiters > 0 || scheduler.currentTask().isVirtual());
  }

  private @Nullable Slot makeOrWait(boolean mayWait) {
    boolean virtual = scheduler.currentTask().isVirtual();
    lock.lock();
    try {
      boolean queued = mustQueue();
      count(virtual, 1);
      try {
        // Counted first, looked after: a release either sees the count or is seen here.
        Slot slot = queued ? null : pop();
        if (slot == null && !queued) {
          makeMore();
          slot = pop();
        }
        while (slot == null && mayWait) {
          if (closed) {
            throw new IllegalStateException("the bus is closed");
          }
          (virtual ? availableToVirtual : availableToPlatform).await();
          slot = pop();
        }
        return slot;
      } finally {
        count(virtual, -1);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Under the lock.
  @SuppressWarnings("NonAtomicOperationOnVolatileField") // The lock makes it one writer.
  private void count(boolean virtual, int one) {
    waiters += one;
    if (!virtual) {
      platformWaiters += one;
    }
  }

  private @Nullable Slot pop() {
    while (true) {
      long old = head.get();
      int top = (int) old - 1;
      if (top < 0) {
        return null;
      }
      long changed = (old & 0xffff_ffff_0000_0000L) + (1L << 32) | (below[top] & 0xffff_ffffL);
      if (head.compareAndSet(old, changed)) {
        return slots[top];
      }
    }
  }

  void release(Slot slot) {
    slot.request.clear();
    slot.call = null;
    push(slot.index);
    if (waiters > 0) {
      lock.lock();
      try {
        availableToPlatform.signal();
        availableToVirtual.signal();
      } finally {
        lock.unlock();
      }
    }
  }

  /// Fails everybody who waits for a slot.
  void close() {
    closed = true;
    lock.lock();
    try {
      availableToPlatform.signalAll();
      availableToVirtual.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void push(int index) {
    while (true) {
      long old = head.get();
      below[index] = (int) old;
      long changed = (old & 0xffff_ffff_0000_0000L) + (1L << 32) | (index + 1);
      if (head.compareAndSet(old, changed)) {
        return;
      }
    }
  }
}
