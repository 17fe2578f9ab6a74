package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import org.jspecify.annotations.Nullable;

/// How tasks of the log wait for their turn, and how they are woken: the turns are set under the
/// log's lock, the tasks are woken after it was released. Thread-safe where it does not say that
/// it needs the lock.
final class WakeUps {

  /// How often a waiting task gives way to others before it parks.
  private static final int YIELDS_MAX = 3;

  /// A yield that was shorter let nobody run.
  private static final long GAVE_WAY_NANOS = 1_000;

  private final Scheduler scheduler;
  private final AckTask acks;

  // Guarded by the lock.
  private @Nullable Waiter head;
  private @Nullable Waiter tail;
  private @Nullable Waiter leader;

  /// @param acks takes the callbacks
  WakeUps(Scheduler scheduler, AckTask acks) {
    this.scheduler = scheduler;
    this.acks = acks;
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

  /// Makes `waiter` the leader, to be woken before all others after the lock is released: the next
  /// write begins while the rest still wakes. A leader, which waits again later, is part of no
  /// chain. Needs the lock.
  ///
  /// @param self the calling task's own waiter, which needs no waking
  void lead(Waiter waiter, @Nullable Waiter self) {
    if (waiter.callback != null) {
      acks.lead(waiter);
      return;
    }
    waiter.turn = Waiter.Turn.LEAD;
    if (waiter != self) {
      assert leader == null : "two leaders at once";
      leader = waiter;
    }
  }

  /// Those to wake, for [#wake]; they are the caller's from now on. Null when there are none. Needs
  /// the lock.
  @Nullable Woken take() {
    if (head == null && leader == null) {
      return null;
    }
    Woken woken = new Woken(leader, head);
    head = null;
    tail = null;
    leader = null;
    return woken;
  }

  /// Wakes all but `self`, the calling task's own waiter. Called without the lock, under which each
  /// wake-up, a system call, would keep others waiting.
  void wake(@Nullable Woken woken, @Nullable Waiter self) {
    if (woken == null) {
      return;
    }
    Waiter next = woken.leader();
    if (next != null) {
      unpark(next);
    }
    for (Waiter waiter = woken.first(); waiter != null; waiter = waiter.nextWoken) {
      if (waiter != self) {
        unpark(waiter);
      }
    }
  }

  /// Ends the wait of a leader for the places of its group. Called without the lock.
  void wakeFilled(Waiter leader) {
    leader.turn = Waiter.Turn.DONE;
    unpark(leader);
  }

  /// Needs the turn to be set: who is about to park looks at it once more.
  private void unpark(Waiter waiter) {
    if (waiter.parked) {
      scheduler.unpark(waiter.requireTask());
    }
  }

  /// Waits for a turn. An interrupt does not end it, no more than it ends a park. Called without the
  /// lock.
  Waiter.Turn awaitTurn(Waiter waiter) {
    giveWay(waiter);
    waiter.parked = true;
    Waiter.Turn turn = waiter.turn;
    while (turn == Waiter.Turn.WAIT) {
      // It may return for an unpark that was meant for an earlier wait.
      scheduler.park(Long.MAX_VALUE);
      turn = waiter.turn;
    }
    waiter.parked = false;
    return turn;
  }

  /// Lets others run first, as long as there are some: where many threads share few processors the
  /// turn often comes meanwhile, and a thread that did not park needs no system call to be woken.
  /// A yield that comes back at once says that nobody else would run: then this is no use, and no
  /// wait for anybody's progress. Virtual threads park as cheaply as they yield.
  private void giveWay(Waiter waiter) {
    if (waiter.requireTask().isVirtual()) {
      return;
    }
    long before = scheduler.nanoTime();
    for (int i = 0; i < YIELDS_MAX && waiter.turn == Waiter.Turn.WAIT; i++) {
      scheduler.yield();
      long now = scheduler.nanoTime();
      if (now - before < GAVE_WAY_NANOS) {
        return;
      }
      before = now;
    }
  }

  /// Tasks to wake.
  ///
  /// @param leader who is to lead
  /// @param first the first one whose wait is over, linked to the others
  record Woken(@Nullable Waiter leader, @Nullable Waiter first) {}
}
