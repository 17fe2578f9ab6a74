package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import java.util.concurrent.atomic.AtomicInteger;

/// Counts who uses something, so that closing it waits for them; without a lock as long as it is
/// open. Thread-safe.
final class UseGate {

  /// Set in [#uses] once it is closed; the lower bits count users.
  private static final int CLOSED = 1 << 30;

  private final AtomicInteger uses = new AtomicInteger();

  /// As in [#uses], for those who only look, and do not want the line that users write.
  private volatile boolean closed;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition unused;

  UseGate(Scheduler scheduler) {
    this.lock = scheduler.newLock();
    this.unused = lock.newCondition();
  }

  boolean isClosed() {
    return closed;
  }

  /// Counts one more user; false, and no more users, once it is closed.
  boolean enter() {
    if ((uses.getAndIncrement() & CLOSED) != 0) {
      leave();
      return false;
    }
    return true;
  }

  void leave() {
    if (uses.decrementAndGet() == CLOSED) {
      lock.lock();
      try {
        unused.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /// Lets nobody enter any more; false when it was closed before.
  boolean close() {
    closed = true;
    return (uses.getAndUpdate(n -> n | CLOSED) & CLOSED) == 0;
  }

  /// Waits until nobody is left, after [#close()].
  void awaitUnused() {
    lock.lock();
    try {
      while (uses.get() != CLOSED) {
        unused.await();
      }
    } finally {
      lock.unlock();
    }
  }
}
