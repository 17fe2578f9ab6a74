package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import org.jspecify.annotations.Nullable;

/// How tasks of the log wait for their turn, and how they are woken: the turns are set under the
/// log's lock, the tasks are woken after it was released. Thread-safe where it does not say that
/// it needs the lock.
final class WakeUps {

  /// Early returns of a park before a task waits in the other way.
  private static final int EARLY_RETURNS_MAX = 16;

  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition uninterrupted;
  private final AckTask acks;

  // Guarded by the lock.
  private @Nullable Waiter head;
  private @Nullable Waiter tail;

  /// Written under the lock, read by anybody.
  private volatile int uninterruptedWaiters;

  /// @param acks takes the callbacks
  WakeUps(Scheduler scheduler, Scheduler.Lock lock, AckTask acks) {
    this.scheduler = scheduler;
    this.acks = acks;
    this.lock = lock;
    this.uninterrupted = lock.newCondition();
  }

  /// Ends the wait of `waiter`, to be woken after the lock is released. Needs the lock.
  void end(Waiter waiter) {
    if (waiter.callback != null) {
      acks.end(waiter);
      return;
    }
    Waiter last = tail;
    if (last == null) {
      head = waiter;
    } else {
      last.nextWoken = waiter;
    }
    tail = waiter;
    waiter.turn = Waiter.Turn.DONE;
  }

  /// Makes `waiter` the leader and wakes it at once: the next write begins while the rest still
  /// wakes, and a leader, which waits again later, is never part of a chain twice. Needs the lock.
  ///
  /// @param self the calling task's own waiter, which needs no waking
  void lead(Waiter waiter, @Nullable Waiter self) {
    if (waiter.callback != null) {
      acks.lead(waiter);
      return;
    }
    waiter.turn = Waiter.Turn.LEAD;
    if (waiter != self) {
      unpark(waiter);
      if (uninterruptedWaiters > 0) {
        uninterrupted.signalAll();
      }
    }
  }

  /// Those to wake, for [#wake]; they are the caller's from now on. Needs the lock.
  @Nullable Waiter take() {
    Waiter chain = head;
    head = null;
    tail = null;
    return chain;
  }

  /// Wakes all of the chain but `self`, the calling task's own waiter. Called without the lock.
  void wake(@Nullable Waiter chain, @Nullable Waiter self) {
    for (Waiter waiter = chain; waiter != null; waiter = waiter.nextWoken) {
      if (waiter != self) {
        unpark(waiter);
      }
    }
    if (chain != null && uninterruptedWaiters > 0) {
      lock.lock();
      try {
        uninterrupted.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private void unpark(Waiter waiter) {
    Scheduler.Task task = waiter.task;
    assert task != null : "a callback is not parked";
    scheduler.unpark(task);
  }

  /// Waits for a turn; a pending interrupt neither ends the wait nor turns it into a spin. Called
  /// without the lock.
  Waiter.Turn awaitTurn(Waiter waiter) {
    for (int early = 0; early < EARLY_RETURNS_MAX; early++) {
      Waiter.Turn turn = waiter.turn;
      if (turn != Waiter.Turn.WAIT) {
        return turn;
      }
      scheduler.park(Long.MAX_VALUE);
    }
    // The park of an interrupted task returns at once, for ever: only a condition outlasts that.
    lock.lock();
    uninterruptedWaiters++;
    try {
      while (waiter.turn == Waiter.Turn.WAIT) {
        uninterrupted.await();
      }
      return waiter.turn;
    } finally {
      uninterruptedWaiters--;
      lock.unlock();
    }
  }
}
