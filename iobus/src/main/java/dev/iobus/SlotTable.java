package dev.iobus;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The slots of a [SharedBus]: how many operations can be in flight. Thread-safe.
///
/// Free slots form a stack whose head carries a count in its upper half, so that a slot that was
/// taken and given back in between is noticed (ABA).
///
/// A slot that is given back is told to one waiter on a platform thread and to one on a virtual
/// thread: the virtual one may get no carrier before the other has gone on.
final class SlotTable {

  private static final long VECTOR_BYTES = 16;

  private final Slot[] slots;
  private final int[] below;
  private final AtomicLong head = new AtomicLong();

  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition availableToPlatform;
  private final Scheduler.Condition availableToVirtual;
  /// Callers that found no slot. Written under the lock, read without.
  private volatile int waiters;

  private volatile boolean closed;

  SlotTable(int capacity, Scheduler scheduler) {
    slots = new Slot[capacity];
    below = new int[capacity];
    this.scheduler = scheduler;
    lock = scheduler.newLock();
    availableToPlatform = lock.newCondition();
    availableToVirtual = lock.newCondition();
    MemorySegment vectors = Arena.ofAuto().allocate(capacity * VECTOR_BYTES, 8);
    for (int i = 0; i < capacity; i++) {
      slots[i] = new Slot(i, vectors.asSlice(i * VECTOR_BYTES, VECTOR_BYTES));
    }
    for (int i = capacity - 1; i >= 0; i--) {
      push(i);
    }
  }

  int capacity() {
    return slots.length;
  }

  Slot get(int index) {
    return slots[index];
  }

  /// A free slot, or null when all are in use.
  @Nullable Slot tryAcquire() {
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

  /// Waits for a free slot.
  ///
  /// @throws IllegalStateException when the table is closed
  Slot acquire() {
    Slot slot = tryAcquire();
    if (slot != null) {
      return slot;
    }
    boolean virtual = scheduler.currentTask().isVirtual();
    Scheduler.Condition available = virtual ? availableToVirtual : availableToPlatform;
    lock.lock();
    try {
      waiters++;
      try {
        // Counted first, looked after: a release either sees the count or is seen here.
        while ((slot = tryAcquire()) == null) {
          if (closed) {
            throw new IllegalStateException("the bus is closed");
          }
          available.await();
        }
        return slot;
      } finally {
        waiters--;
      }
    } finally {
      lock.unlock();
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
