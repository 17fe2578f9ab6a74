package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The writes of a log, from the sealed group to its acknowledgement: what a leader of [GroupCommit]
/// carries out. A write that fails ends the log, and all waits.
///
/// The lock is held for a few field updates, never across I/O: when a write begins, and when its end is
/// told and the next leader found. Thread-safe where it does not say that it needs the lock.
final class Flights {

  // Constant after construction.
  private final String log;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition change;
  private final LogState state;
  private final LogProgress progress;
  private final Room room;
  private final GroupWriter writer;
  private final WakeUps wakeUps;
  private final LogTimer timer;
  private final WriteWatch watch;

  // Guarded by the lock.
  private final AckWaiters waiting;
  private final FlightLine line;
  private final Leadership leadership;

  /// @param change of the lock, signalled when the log fails, and when a write of a log that closes ends
  /// @param writer what a leader does without the lock
  Flights(
      String log,
      Scheduler scheduler,
      Scheduler.Lock lock,
      Scheduler.Condition change,
      LogState state,
      LogProgress progress,
      Room room,
      GroupWriter writer,
      WakeUps wakeUps,
      LogTimer timer,
      WriteWatch watch,
      AckWaiters waiting,
      FlightLine line,
      Leadership leadership) {
    this.log = log;
    this.scheduler = scheduler;
    this.lock = lock;
    this.change = change;
    this.state = state;
    this.progress = progress;
    this.room = room;
    this.writer = writer;
    this.wakeUps = wakeUps;
    this.timer = timer;
    this.watch = watch;
    this.waiting = waiting;
    this.line = line;
    this.leadership = leadership;
  }

  /// Begins the write of a sealed group, a long record or both; [#perform] follows, without the lock.
  /// Needs the lock.
  ///
  /// @param sync whether it is durable when it has ended
  Flight begin(@Nullable Group group, @Nullable LongRecord record, boolean sync) {
    boolean shared = sync && record == null && writer.canShare(group);
    Flight flight = new Flight(group, record, sync, shared, scheduler.nanoTime());
    waiting.cover(flight.endLsn(progress.written()), sync);
    line.begin(flight);
    watch.began();
    return flight;
  }

  /// Writes, and lets all know: those whose wait it ends, and the next leader.
  ///
  /// @param self the waiter of the leader, if it has one
  /// @param atOnce whether the write has only just begun
  void perform(Flight flight, @Nullable Waiter self, boolean atOnce) {
    try {
      writer.write(flight, progress.durable(), atOnce);
      publish(flight, self);
    } catch (IOException | RuntimeException e) {
      fail(e, flight);
    } catch (Error e) {
      fail(e, flight);
      throw e;
    }
  }

  private void publish(Flight flight, @Nullable Waiter self) {
    LongRecord record = flight.record;
    WakeUps.Woken woken;
    boolean slow;
    lock.lock();
    try {
      slow = line.completed(flight);
      writer.completed(flight);
      if (record != null) {
        room.endLongRecord();
      }
      if (!state.hasFailed()) {
        line.acknowledge(progress);
        waiting.acknowledge(progress.written(), progress.durable(), wakeUps);
        timer.wrote(flight.endNanos, progress.durable());
      }
      resign();
      woken = leadership.settle(self);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, self);
    if (slow) {
      LogEvents.slow(log, flight.bytes(), flight.endNanos - flight.beginNanos);
    }
    if (record != null) {
      record.free();
    }
  }

  /// The calling leader leads no more. Needs the lock.
  void resign() {
    leadership.resign();
    if (state.isClosed()) {
      change.signalAll();
    }
  }

  /// Keeps the first failure and ends all waits.
  ///
  /// @param failed the write that has; null when none did
  void fail(Throwable failure, @Nullable Flight failed) {
    WakeUps.Woken woken;
    boolean isFirst;
    lock.lock();
    try {
      isFirst = state.fail(failure);
      leadership.dismiss();
      if (failed != null) {
        line.failed(failed);
        resign();
      }
      waiting.refuseAll(wakeUps);
      room.close();
      room.grant();
      change.signalAll();
      progress.ended();
      woken = wakeUps.take();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, null);
    if (isFirst && failed != null) {
      LogEvents.failed(log, failure);
    }
  }

  /// A place that was reserved will never be filled.
  void failUnfilled() {
    IllegalStateException cause =
        new IllegalStateException("a record got its place in the log and was not put there");
    fail(cause, null);
    LogEvents.failed(log, cause);
  }

  /// Whether there were writes in flight since this was asked last. Needs the lock.
  boolean isBusy() {
    return line.hasMoved() || leadership.isAtWork();
  }

  /// Tells of writes that are in flight for too long. They go on: whether they end well is for the
  /// device to say. Called without the lock.
  void reportSlow() {
    long now = scheduler.nanoTime();
    List<Flight> slow;
    lock.lock();
    try {
      slow = line.takeSlow(now);
    } finally {
      lock.unlock();
    }
    for (Flight flight : slow) {
      LogEvents.slow(log, flight.bytes(), now - flight.beginNanos);
    }
  }
}
