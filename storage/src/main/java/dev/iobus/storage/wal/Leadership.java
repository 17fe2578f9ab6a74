package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// Who writes for all: the tasks that were told to lead. One at a time; two where the second only
/// adds a durable write of its own to such a one ([Overlap]). Guarded by the log's lock.
final class Leadership {

  // Constant after construction.
  private final LogState state;
  private final AckWaiters waiting;
  private final Room room;
  private final GroupWriter writer;
  private final FlightLine flights;
  private final WakeUps wakeUps;

  /// Who was told to lead and has not begun. Its turn may yet change, if it gets what it waits for.
  private @Nullable Waiter appointed;

  /// Leaders at work.
  private int writing;

  Leadership(
      LogState state,
      AckWaiters waiting,
      Room room,
      GroupWriter writer,
      FlightLine flights,
      WakeUps wakeUps) {
    this.state = state;
    this.waiting = waiting;
    this.room = room;
    this.writer = writer;
    this.flights = flights;
    this.wakeUps = wakeUps;
  }

  /// After any change: opens a group, gives room, and finds a leader if one is needed and there
  /// is none.
  ///
  /// @param self the calling task's own waiter, if it has one
  /// @return those to wake once the lock is released
  WakeUps.@Nullable Woken settle(@Nullable Waiter self) {
    lookAround(self);
    return wakeUps.take();
  }

  /// As [#settle], for who has more to do before it takes those to wake.
  void lookAround(@Nullable Waiter self) {
    if (!state.hasFailed()) {
      if (isShared()) {
        room.openNext();
      }
      room.grant();
      appoint(self);
    }
  }

  private void appoint(@Nullable Waiter self) {
    Waiter candidate = waiting.firstTask();
    if (candidate == null) {
      candidate = room.leaderCandidate();
    }
    if (candidate == null) {
      candidate = waiting.firstCallback();
    }
    if (candidate != null && mayAppoint(candidate)) {
      appointed = candidate;
      wakeUps.lead(candidate, self);
    }
  }

  /// A waiting task takes the turn from the task of the callbacks, which may be busy with one of
  /// them, or be that waiting task.
  private boolean mayAppoint(Waiter candidate) {
    if (!mayBegin()) {
      return false;
    }
    Waiter next = appointed;
    if (next == null || next.turn != Waiter.Turn.LEAD) {
      return true;
    }
    if (next.callback == null || candidate.callback != null) {
      return false;
    }
    next.turn = Waiter.Turn.WAIT;
    return true;
  }

  /// Gives the turn of who was told to lead, and has not begun, to the calling task, which waits for
  /// its LSN: it has a processor, while the other must be given one first. Not before the open group
  /// is as large as the last one: every write costs processor time, and until then more will come.
  void takeOver(Waiter self) {
    Waiter next = appointed;
    if (next != null
        && next != self
        && next.turn == Waiter.Turn.LEAD
        && self.turn == Waiter.Turn.WAIT
        && waiting.isUncovered(self)
        && flights.isAsLargeAsLast(room.openBytes())
        && mayBegin()) {
      next.turn = Waiter.Turn.WAIT;
      self.turn = Waiter.Turn.LEAD;
      appointed = self;
    }
  }

  /// Whether a write may begin now.
  private boolean mayBegin() {
    if (writing == 0) {
      return true;
    }
    return writing < Overlap.DEPTH
        && isShared()
        && waiting.hasSynced()
        && writer.canShare(room.openGroup())
        && room.longRecord() == null
        && !room.mustDrain()
        && flights.isWorth(room.openBytes());
  }

  /// Whether nothing is in flight, or only what lets others fly along.
  boolean isShared() {
    return writing == 0 || flights.isShared(writing);
  }

  /// Takes up the turn that `self` was given. False when it was taken back, or when it is of no
  /// use any more: then whoever completes a write appoints a leader again.
  boolean takeUp(Waiter self) {
    if (self.turn != Waiter.Turn.LEAD) {
      return false;
    }
    appointed = null;
    self.turn = Waiter.Turn.WAIT;
    if (!mayBegin()) {
      return false;
    }
    writing++;
    return true;
  }

  /// Begins a write that no waiter leads.
  void begin() {
    writing++;
  }

  /// A leader's write is over.
  void resign() {
    writing--;
  }

  /// Forgets who was appointed: the log has failed.
  void dismiss() {
    appointed = null;
  }

  /// Whether a leader is at work.
  boolean isAtWork() {
    return writing > 0;
  }

  /// Whether a leader is at work or will be.
  boolean hasLeader() {
    Waiter next = appointed;
    return writing > 0 || (next != null && next.turn == Waiter.Turn.LEAD);
  }
}
