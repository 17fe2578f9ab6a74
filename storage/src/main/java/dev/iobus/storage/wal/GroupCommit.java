package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Many tasks append, one of them writes for all: group commit without a thread of its own and
/// without a timer.
///
/// Who waits for an LSN and finds no leader becomes the leader: it seals the open group, waits
/// until all its places are filled, writes it, publishes how far the log is durable, and hands the
/// role to the first task whose records are not covered ([Leadership]). Whoever arrives during a
/// write joins the next group. Where the device gains by it a second leader writes the next group
/// while the first is still in flight; acknowledgements go in LSN order all the same
/// ([FlightLine]). The background task ([LogTimer]) leads only for records that nobody waits for.
///
/// The lock is held for a few field updates, never across I/O. A waiter queues itself and looks
/// for a leader under the lock, or begins its write under that same hold where nobody leads or waits:
/// an append, under the one in which it takes its place. A leader publishes and looks for waiters
/// under the lock. So no wake-up is lost. Thread-safe.
final class GroupCommit {

  // Constant after construction.
  private final String log;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition change;
  private final boolean syncedByDefault;
  private final LogState state;
  private final LogProgress progress;
  private final Room room;
  private final WakeUps wakeUps;
  private final LogTimer timer;
  private final Flights flights;

  // Guarded by the lock.
  private final AckWaiters waiting;
  private final Leadership leadership;

  /// @param change of the lock, signalled when a leader that waits, or whoever waits for the end, has to
  ///     look again
  /// @param syncedByDefault whether a group that nobody waits for is written durably
  GroupCommit(
      String log,
      Scheduler scheduler,
      Scheduler.Lock lock,
      Scheduler.Condition change,
      boolean syncedByDefault,
      LogState state,
      LogProgress progress,
      Room room,
      WakeUps wakeUps,
      LogTimer timer,
      Flights flights,
      AckWaiters waiting,
      Leadership leadership) {
    this.log = log;
    this.scheduler = scheduler;
    this.lock = lock;
    this.change = change;
    this.syncedByDefault = syncedByDefault;
    this.state = state;
    this.progress = progress;
    this.room = room;
    this.wakeUps = wakeUps;
    this.timer = timer;
    this.flights = flights;
    this.waiting = waiting;
    this.leadership = leadership;
  }

  /// Sees to it that everything reserved so far is written within 10 ms.
  void writeSoon() throws WalFailedException {
    if (timer.isBufferedArmed()) {
      return;
    }
    lock.lock();
    try {
      state.requireNotFailed();
      timer.armBuffered(scheduler.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  /// Returns when everything below `lsn` has that durability; `BUFFERED` it has at once.
  void await(long lsn, Durability durability) throws IOException {
    progress.requireWithin(lsn);
    if (isReached(lsn, durability)) {
      return;
    }
    Waiter waiter = null;
    WakeUps.Woken woken;
    Flight flight;
    lock.lock();
    try {
      if (isReached(lsn, durability)) {
        return;
      }
      state.requireNotFailed();
      if (durability == Durability.BUFFERED) {
        timer.armBuffered(scheduler.nanoTime());
        return;
      }
      flight = takeOffIfAlone(durability);
      if (flight == null) {
        waiter = Waiter.forLsn(scheduler.currentTask(), lsn, durability);
        flight = join(waiter);
      }
      woken = wakeUps.take();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, waiter);
    if (flight != null) {
      flights.perform(flight, waiter, woken == null);
    }
    if (waiter != null) {
      follow(waiter);
    }
    if (!isReached(lsn, durability)) {
      lock.lock();
      try {
        state.requireNotFailed();
      } finally {
        lock.unlock();
      }
      throw new AssertionError("woken before LSN " + lsn + " was " + durability);
    }
  }

  /// Begins the write of what is reserved now, for the calling task alone, if nobody leads, nobody waits
  /// for a leader, and a write can begin at once: who comes then needs no place in any queue, and who
  /// comes meanwhile is told of its end as of any other. Who waits for room behind something to write
  /// would lead. Needs the lock.
  ///
  /// @return the write; null when there is none for the caller to lead, or it waits for nothing
  @Nullable Flight takeOffIfAlone(Durability durability) {
    if (durability == Durability.BUFFERED
        || leadership.hasLeader()
        || !waiting.isEmpty()
        || room.mustDrain()) {
      return null;
    }
    assert !waiting.hasSynced() : "a write without the sync that somebody waits for";
    leadership.begin();
    LongRecord record = room.longRecord();
    Flight flight = flights.begin(room.seal(), record, durability == Durability.SYNCED);
    // Who waits for room gets it in the next group now, not when this one is written.
    leadership.lookAround(null);
    return flight;
  }

  /// Queues a task that waits for an LSN; null, or the write that it is to lead at once. Needs the
  /// lock.
  private @Nullable Flight join(Waiter waiter) {
    waiting.add(waiter);
    leadership.lookAround(waiter);
    leadership.takeOver(waiter);
    // Not while permits are out: who holds one may have to be woken first.
    return waiter.turn == Waiter.Turn.LEAD && !room.mustDrain() ? takeOff(waiter) : null;
  }

  /// Runs `callback` when everything below `lsn` has that durability, or never will.
  void whenReached(long lsn, Durability durability, AckCallback callback) {
    Waiter waiter = Waiter.forCallback(callback, lsn, durability);
    WakeUps.Woken woken;
    lock.lock();
    try {
      state.requireNotClosed();
      progress.requireWithin(lsn);
      if (isReached(lsn, durability)) {
        waiter.acknowledged = true;
        wakeUps.end(waiter);
      } else if (state.hasFailed()) {
        wakeUps.end(waiter);
      } else if (durability == Durability.BUFFERED) {
        timer.armBuffered(scheduler.nanoTime());
        waiter.acknowledged = true;
        wakeUps.end(waiter);
      } else {
        waiting.add(waiter);
      }
      woken = leadership.settle(null);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, null);
  }

  private boolean isReached(long lsn, Durability durability) {
    return switch (durability) {
      case SYNCED -> lsn <= progress.durable();
      case WRITTEN -> lsn <= progress.written();
      case BUFFERED -> lsn <= progress.written() || timer.isBufferedArmed();
    };
  }

  /// Leads while it is told to, until its wait is over.
  void follow(Waiter waiter) {
    while (wakeUps.awaitTurn(waiter) == Waiter.Turn.LEAD) {
      lead(waiter);
    }
  }

  /// As [Leadership#settle], after a permit was used or given back: the leader may wait for the last one
  /// before it seals. Needs the lock.
  WakeUps.@Nullable Woken settlePermit() {
    if (leadership.isAtWork()) {
      change.signalAll();
    }
    return leadership.settle(null);
  }

  /// Has what is reserved written at once if nobody waits for it and the buffer is half full: else
  /// who appends next would find no room, and write it all before it goes on. Needs the lock.
  void hurry() {
    if (!leadership.isAtWork() && room.isHalfFull()) {
      timer.hurry();
    }
  }

  /// Writes what is reserved now.
  void lead(Waiter self) {
    Flight flight;
    WakeUps.Woken woken;
    lock.lock();
    try {
      flight = takeOff(self);
      woken = wakeUps.take();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, self);
    if (flight != null) {
      flights.perform(flight, self, woken == null);
    }
  }

  /// Takes up the turn to lead and begins the write of what is reserved now; null when there is
  /// nothing to lead any more. Needs the lock.
  private @Nullable Flight takeOff(Waiter self) {
    if (!leadership.takeUp(self)) {
      return null;
    }
    while (!state.hasFailed() && room.mustDrain()) {
      change.await();
    }
    if (state.hasFailed()) {
      flights.resign();
      self.turn = Waiter.Turn.DONE;
      return null;
    }
    boolean sync = waiting.hasSynced() || (syncedByDefault && waiting.isEmpty());
    LongRecord record = room.longRecord();
    Flight flight = flights.begin(room.seal(), record, sync);
    leadership.lookAround(self);
    return flight;
  }

  /// Why the log has failed; only once it has.
  WalFailedException failure() {
    lock.lock();
    try {
      return state.failure();
    } finally {
      lock.unlock();
    }
  }

  /// Segments were prepared, or could not be.
  void supplied() {
    WakeUps.Woken woken;
    lock.lock();
    try {
      change.signalAll();
      woken = leadership.settle(null);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, null);
  }

  /// Writes what nobody waits for, without a sync.
  void writeBuffered() {
    try {
      await(progress.tail(), Durability.WRITTEN);
    } catch (WalFailedException kept) {
      // The log keeps its first failure and gives it to every later caller.
      assert kept.getCause() != null;
    } catch (IOException e) {
      throw new AssertionError("a write failed without failing the log", e);
    }
  }

  /// Writes one mark, if nobody appends and there is a place for it. A log that closes writes none
  /// but its last, which is synced: another one would be in its way. Returns whether it did.
  ///
  /// @param sync whether it is the last one
  boolean writeMark(boolean sync) {
    Flight flight;
    lock.lock();
    try {
      if (leadership.hasLeader() || state.hasFailed() || (!sync && state.isClosed())) {
        return false;
      }
      Group group = room.sealMark(progress.durable(), sync);
      if (group == null) {
        return false;
      }
      leadership.begin();
      flight = flights.begin(group, null, sync);
      timer.marked(group.endLsn());
    } finally {
      lock.unlock();
    }
    flights.perform(flight, null, true);
    return true;
  }

  /// Refuses new appends, makes everything durable, and writes the last mark. Places that were
  /// reserved must be filled for it to end.
  void finish() throws IOException {
    WakeUps.Woken woken;
    lock.lock();
    try {
      state.close();
      progress.ended();
      room.close();
      room.grant();
      woken = wakeUps.take();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, null);
    await(progress.tail(), Durability.SYNCED);
    awaitEnd(leadership::hasLeader);
    // There may be no place for a mark yet.
    awaitEnd(() -> !state.hasFailed() && room.awaitsSegment());
    boolean marked = writeMark(true);
    lock.lock();
    try {
      state.requireNotFailed();
    } finally {
      lock.unlock();
    }
    if (!marked) {
      throw new IllegalStateException(
          "a place was reserved while the log " + log + " closed: what was put there is not in it");
    }
  }

  /// Ends all waits and waits for the leader's I/O, without writing anything more.
  void abandon() {
    lock.lock();
    try {
      state.close();
    } finally {
      lock.unlock();
    }
    flights.fail(new IllegalStateException("the log was abandoned"), null);
    awaitEnd(leadership::hasLeader);
  }

  /// Waits while that is so.
  private void awaitEnd(BooleanSupplier isSo) {
    lock.lock();
    try {
      while (isSo.getAsBoolean()) {
        change.await();
      }
    } finally {
      lock.unlock();
    }
  }
}
