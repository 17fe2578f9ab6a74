package dev.iobus;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Counts the calls that are inside a shared bus, and closes behind the last of them. Thread-safe.
///
/// A caller counts itself and then looks whether the gate is closed; who closes marks it and then
/// looks at the count. So a call either sees the gate closed or is waited for.
final class CallGate {

  private final Scheduler scheduler;
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
  private volatile boolean closed;
  private volatile Scheduler.@Nullable Task closer;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition hasEnded;

  /// Whether the close has done its work. Set before the lock is taken, which a scheduler that has
  /// ended may refuse.
  private volatile boolean ended;

  CallGate(Scheduler scheduler) {
    this.scheduler = scheduler;
    lock = scheduler.newLock();
    hasEnded = lock.newCondition();
  }

  /// Begins a call, which [#exit()] ends.
  ///
  /// @throws IllegalStateException when the gate is closed; there is nothing to end then
  void enter() {
    inside.incrementAndGet();
    if (closed) {
      exit();
      throw new IllegalStateException("the bus is closed");
    }
  }

  void exit() {
    if (inside.decrementAndGet() == 0 && closed) {
      Scheduler.Task task = closer;
      if (task != null) {
        scheduler.unpark(task);
      }
    }
  }

  boolean isClosed() {
    return closed;
  }

  /// Refuses all later calls. False when the gate was closed before; else [#endClose()] follows.
  boolean close() {
    if (!closing.compareAndSet(false, true)) {
      return false;
    }
    closer = scheduler.currentTask();
    closed = true;
    return true;
  }

  /// By the task that closed the gate: waits until every call has ended, or the deadline on the
  /// scheduler's clock has passed. Returns whether every call has. That holds from then on: whoever
  /// is counted later is refused and leaves again.
  boolean awaitEmpty(long deadlineNanos) {
    while (inside.get() > 0) {
      if (scheduler.nanoTime() - deadlineNanos >= 0) {
        return false;
      }
      scheduler.park(deadlineNanos);
    }
    return true;
  }

  /// By the task that closed the gate: what was behind it is gone.
  void endClose() {
    ended = true;
    lock.lock();
    try {
      hasEnded.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the task that closed the gate has ended the close.
  void awaitClose() {
    if (ended) {
      return;
    }
    lock.lock();
    try {
      while (!ended) {
        hasEnded.await();
      }
    } finally {
      lock.unlock();
    }
  }
}
