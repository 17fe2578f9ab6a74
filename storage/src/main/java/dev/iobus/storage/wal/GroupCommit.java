package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Many tasks append, one of them writes for all: group commit without a thread of its own and
/// without a timer.
///
/// Who waits for an LSN and finds no leader becomes the leader: it seals the open group, waits
/// until all its places are filled, writes it, publishes how far the log is durable, and hands the
/// role to the first task whose records are not covered. Whoever arrives during a write joins the
/// next group. Where the device gains by it ([Overlap]) a second leader writes the next group while
/// the first is still in flight; acknowledgements go in LSN order all the same. The background task ([LogTimer]) leads only for records that nobody waits for.
///
/// The lock is held for a few field updates, never across I/O. A waiter queues itself and looks
/// for a leader under the lock; a leader publishes and looks for waiters under the lock. So no
/// wake-up is lost. Thread-safe.
final class GroupCommit {

  /// A write that takes longer is told of.
  static final long SLOW_NANOS = 500_000_000;

  // Constant after construction.
  private final String log;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition change;
  private final Scheduler.Condition progress;
  private final boolean syncedByDefault;
  private final Room room;
  private final GroupWriter writer;
  private final WakeUps wakeUps;
  private final LogTimer timer;

  // Written under the lock, read by anybody.
  private volatile long tail;
  private volatile long written;
  private volatile long durable;

  // Guarded by the lock.
  private final AckWaiters waiting = new AckWaiters();
  private @Nullable Throwable failure;
  /// Who was told to lead and has not begun. Its turn may yet change, if it gets what it waits for.
  private @Nullable Waiter appointed;
  /// Writes that leaders are at work on.
  private int writing;
  /// Those of them that were begun and not acknowledged, in LSN order.
  private final ArrayDeque<Flight> flights = new ArrayDeque<>();
  private final Overlap overlap = new Overlap();
  private long begun;
  private long begunWhenWatched;
  private long overlapped;
  private long slow;
  private long longestNanos;
  private boolean closed;
  private long records;
  /// Tasks that follow the log as it grows.
  private int followers;

  /// @param start LSN at which the epoch begins; everything below is durable
  GroupCommit(
      String log,
      Scheduler scheduler,
      Scheduler.Lock lock,
      boolean syncedByDefault,
      Room room,
      GroupWriter writer,
      WakeUps wakeUps,
      LogTimer timer,
      long start) {
    this.log = log;
    this.scheduler = scheduler;
    this.lock = lock;
    this.change = lock.newCondition();
    this.progress = lock.newCondition();
    this.syncedByDefault = syncedByDefault;
    this.room = room;
    this.writer = writer;
    this.wakeUps = wakeUps;
    this.timer = timer;
    this.tail = start;
    this.written = start;
    this.durable = start;
  }

  /// Waits for room for an append of that many bytes.
  ///
  /// @param alone whether it is a long record, which is appended alone
  void acquire(long frameBytes, boolean alone) throws IOException {
    boolean late;
    Waiter waiter;
    Waiter chain;
    lock.lock();
    try {
      requireOpen();
      if (!alone && room.tryAcquire(frameBytes)) {
        return;
      }
      waiter = Waiter.forRoom(scheduler.currentTask(), frameBytes);
      late = room.await(waiter);
      chain = settle(waiter);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, waiter);
    if (late) {
      LogEvents.segmentLate(log);
    }
    follow(waiter);
    if (!waiter.granted) {
      throw refusal(waiter);
    }
  }

  private IOException refusal(Waiter waiter) throws IOException {
    IOException why = waiter.refusal;
    if (why != null) {
      return new WalFullException(log, why);
    }
    lock.lock();
    try {
      requireOpen();
    } finally {
      lock.unlock();
    }
    throw new AssertionError("refused by an open log");
  }

  /// Takes room and the next place at once, if there is room and nobody waits for it.
  boolean tryReserve(Reservation reservation) throws WalFailedException {
    lock.lock();
    try {
      requireOpen();
      if (!room.tryAcquire(reservation.frameBytes())) {
        return false;
      }
      // Nobody waited for room, and no permit was ever out: there is nothing to settle.
      tail = room.reserve(reservation);
      records += reservation.records();
      if (writing == 0 && room.isHalfFull()) {
        // Else who appends next would find no room, and write it all before it goes on.
        timer.hurry();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Takes the next place. Waits for no I/O and for no other task, and never fails for what was
  /// acquired.
  void reserve(Reservation reservation) {
    Waiter chain;
    lock.lock();
    try {
      tail = room.reserve(reservation);
      records += reservation.records();
      chain = afterPermit();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, null);
  }

  /// Takes back a permit that was not used.
  void giveBack(Reservation reservation) {
    Waiter chain;
    lock.lock();
    try {
      room.giveBack(reservation);
      chain = afterPermit();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, null);
  }

  private @Nullable Waiter afterPermit() {
    if (writing > 0) {
      // The leader may wait for the last permit before it seals.
      change.signalAll();
    }
    return settle(null);
  }

  /// Sees to it that everything reserved so far is written within 10 ms.
  void writeSoon() throws WalFailedException {
    if (timer.isBufferedArmed()) {
      return;
    }
    lock.lock();
    try {
      requireNotFailed();
      timer.armBuffered(scheduler.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  /// Counts a place filled, and lets the leader go that waited for the last one.
  void filled(FillCount fills) {
    Waiter leader = fills.filled();
    if (leader != null) {
      leader.turn = Waiter.Turn.DONE;
      wakeUps.wake(leader, null);
    }
  }

  /// Returns when everything below `lsn` has that durability; `BUFFERED` it has at once.
  void await(long lsn, Durability durability) throws IOException {
    if (isReached(lsn, durability)) {
      return;
    }
    Waiter waiter;
    Waiter chain;
    lock.lock();
    try {
      requireWithin(lsn);
      if (isReached(lsn, durability)) {
        return;
      }
      requireNotFailed();
      if (durability == Durability.BUFFERED) {
        timer.armBuffered(scheduler.nanoTime());
        return;
      }
      waiter = Waiter.forLsn(scheduler.currentTask(), lsn, durability);
      waiting.add(waiter);
      chain = settle(waiter);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, waiter);
    follow(waiter);
    if (!isReached(lsn, durability)) {
      lock.lock();
      try {
        requireNotFailed();
      } finally {
        lock.unlock();
      }
      throw new AssertionError("woken before LSN " + lsn + " was " + durability);
    }
  }

  /// Runs `callback` when everything below `lsn` has that durability, or never will.
  void whenReached(long lsn, Durability durability, AckCallback callback) {
    Waiter waiter = Waiter.forCallback(callback, lsn, durability);
    Waiter chain;
    lock.lock();
    try {
      if (closed) {
        throw closedException();
      }
      requireWithin(lsn);
      if (isReached(lsn, durability)) {
        waiter.acknowledged = true;
        wakeUps.end(waiter);
      } else if (failure != null) {
        wakeUps.end(waiter);
      } else if (durability == Durability.BUFFERED) {
        timer.armBuffered(scheduler.nanoTime());
        waiter.acknowledged = true;
        wakeUps.end(waiter);
      } else {
        waiting.add(waiter);
      }
      chain = settle(null);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, null);
  }

  /// Waits until the log has more behind `lsn` with that durability, at most until the deadline,
  /// and not when the log is closed or has failed. Returns how far it has it.
  long awaitBeyond(long lsn, Durability durability, long deadlineNanos) {
    lock.lock();
    followers++;
    try {
      boolean inTime = true;
      while (inTime && reached(durability) <= lsn && failure == null && !closed) {
        if (deadlineNanos == Long.MAX_VALUE) {
          progress.await();
        } else {
          inTime = progress.awaitUntil(deadlineNanos);
        }
      }
      return reached(durability);
    } finally {
      followers--;
      lock.unlock();
    }
  }

  /// How far the log has that durability; `BUFFERED` counts as `WRITTEN`.
  long reached(Durability durability) {
    return durability == Durability.SYNCED ? durable : written;
  }

  private void requireWithin(long lsn) {
    if (lsn > tail) {
      throw new IllegalArgumentException("LSN " + lsn + " is behind the tail " + tail);
    }
  }

  private boolean isReached(long lsn, Durability durability) {
    return switch (durability) {
      case SYNCED -> lsn <= durable;
      case WRITTEN -> lsn <= written;
      case BUFFERED -> lsn <= written || timer.isBufferedArmed();
    };
  }

  /// Leads while it is told to, until its wait is over.
  private void follow(Waiter waiter) {
    while (wakeUps.awaitTurn(waiter) == Waiter.Turn.LEAD) {
      lead(waiter);
    }
  }

  /// After any change: opens a group, gives room, and finds a leader if one is needed and there
  /// is none. Needs the lock.
  ///
  /// @param self the calling task's own waiter, if it has one
  /// @return those to wake once the lock is released
  private @Nullable Waiter settle(@Nullable Waiter self) {
    if (failure == null) {
      if (writing == 0 || isShared()) {
        room.openNext();
      }
      room.grant();
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
    return wakeUps.take();
  }

  /// A waiting task takes the turn from the task of the callbacks, which may be busy with one of
  /// them, or be that waiting task. Needs the lock.
  private boolean mayAppoint(Waiter candidate) {
    if (!mayLead()) {
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

  /// Whether a write may begin now. Needs the lock.
  private boolean mayLead() {
    if (writing == 0) {
      return true;
    }
    Flight ahead = flights.peekLast();
    return writing < Overlap.DEPTH
        && ahead != null
        && isShared()
        && waiting.hasSynced()
        && writer.canShare(room.openGroup())
        && room.longRecord() == null
        && !room.mustDrain()
        && overlap.isWorth(room.openBytes(), ahead.bytes());
  }

  /// Whether all that is in flight lets others fly along. Needs the lock.
  private boolean isShared() {
    for (Flight flight : flights) {
      if (!flight.shared) {
        return false;
      }
    }
    return flights.size() >= writing;
  }

  /// Whether a leader is at work or will be. Needs the lock.
  private boolean hasLeader() {
    Waiter next = appointed;
    return writing > 0 || (next != null && next.turn == Waiter.Turn.LEAD);
  }

  /// Writes what is reserved now.
  void lead(Waiter self) {
    Flight flight;
    Waiter chain;
    lock.lock();
    try {
      if (self.turn != Waiter.Turn.LEAD) {
        return;
      }
      appointed = null;
      self.turn = Waiter.Turn.WAIT;
      if (!mayLead()) {
        // Whoever completes a write appoints a leader again.
        return;
      }
      writing++;
      while (failure == null && room.mustDrain()) {
        change.await();
      }
      if (failure != null) {
        resign();
        self.turn = Waiter.Turn.DONE;
        return;
      }
      boolean sync = waiting.hasSynced() || (syncedByDefault && waiting.isEmpty());
      LongRecord record = room.longRecord();
      flight = begin(room.seal(), record, sync);
      chain = settle(self);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, self);
    perform(flight, self);
  }

  /// Needs the lock.
  private Flight begin(@Nullable Group group, @Nullable LongRecord record, boolean sync) {
    boolean shared = sync && record == null && writer.canShare(group);
    Flight flight = new Flight(group, record, sync, shared, scheduler.nanoTime());
    for (Flight other : flights) {
      if (!other.done) {
        other.accompanied = true;
        flight.accompanied = true;
      }
    }
    overlapped += flight.accompanied ? 1 : 0;
    waiting.cover(flight.endLsn(written), sync);
    flights.add(flight);
    begun++;
    timer.began(flight.beginNanos);
    return flight;
  }

  private void perform(Flight flight, @Nullable Waiter self) {
    try {
      writer.write(flight, durable);
      publish(flight, self);
    } catch (IOException | RuntimeException e) {
      fail(e, true);
    } catch (Error e) {
      fail(e, true);
      throw e;
    }
  }

  private void publish(Flight flight, @Nullable Waiter self) {
    LongRecord record = flight.record;
    Waiter chain;
    lock.lock();
    try {
      flight.done = true;
      long now = scheduler.nanoTime();
      if (flight.shared) {
        overlap.completed(flight.deviceNanos, flight.accompanied);
      }
      longestNanos = Math.max(longestNanos, flight.deviceNanos);
      if (record != null) {
        room.endLongRecord();
      }
      if (failure == null) {
        acknowledge(now);
      }
      resign();
      chain = settle(self);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, self);
    if (record != null) {
      record.free();
    }
  }

  /// Acknowledges what has completed without a gap. Needs the lock.
  private void acknowledge(long now) {
    long before = written;
    for (Flight first = flights.peek(); first != null && first.done; first = flights.peek()) {
      flights.poll();
      written = first.endLsn(written);
      if (first.sync) {
        durable = written;
      }
    }
    assert written >= before : "acknowledged backwards";
    waiting.acknowledge(written, durable, wakeUps);
    if (followers > 0) {
      progress.signalAll();
    }
    timer.wrote(now, durable);
  }

  private void resign() {
    writing--;
    if (closed) {
      change.signalAll();
    }
  }

  /// Keeps the first failure and ends all waits.
  private void fail(Throwable first, boolean leader) {
    Waiter chain;
    boolean isFirst;
    lock.lock();
    try {
      isFirst = failure == null;
      if (isFirst) {
        failure = first;
      }
      appointed = null;
      if (leader) {
        resign();
      }
      waiting.refuseAll(wakeUps);
      room.close();
      room.grant();
      change.signalAll();
      progress.signalAll();
      chain = wakeUps.take();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, null);
    if (isFirst && leader) {
      LogEvents.failed(log, first);
    }
  }

  /// Segments were prepared, or could not be.
  void supplied() {
    Waiter chain;
    lock.lock();
    try {
      change.signalAll();
      chain = settle(null);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, null);
  }

  /// Whether there were writes in flight since this was asked last. Needs the lock.
  boolean isBusy() {
    boolean busy = writing > 0 || begun != begunWhenWatched;
    begunWhenWatched = begun;
    return busy;
  }

  /// Tells of writes that are in flight for too long. They go on: whether they end well is for the
  /// device to say. Called without the lock.
  void reportSlow(long now) {
    Flight found = null;
    lock.lock();
    try {
      for (Flight flight : flights) {
        if (!flight.done && !flight.reportedSlow && now - flight.beginNanos >= SLOW_NANOS) {
          flight.reportedSlow = true;
          slow++;
          found = flight;
        }
      }
    } finally {
      lock.unlock();
    }
    if (found != null) {
      LogEvents.slow(log, found.bytes(), now - found.beginNanos);
    }
  }

  /// Writes what nobody waits for, without a sync.
  void writeBuffered() {
    try {
      await(tail, Durability.WRITTEN);
    } catch (WalFailedException kept) {
      // The log keeps its first failure and gives it to every later caller.
      assert kept.getCause() != null;
    } catch (IOException e) {
      throw new AssertionError("a write failed without failing the log", e);
    }
  }

  /// Writes one mark, if nobody appends and there is a place for it.
  void writeMark(boolean sync) {
    Flight flight;
    lock.lock();
    try {
      if (hasLeader() || failure != null) {
        return;
      }
      Group group = room.sealMark(durable);
      if (group == null) {
        return;
      }
      writing++;
      flight = begin(group, null, sync);
      timer.marked(group.endLsn());
    } finally {
      lock.unlock();
    }
    perform(flight, null);
  }

  /// Refuses new appends, makes everything durable, and writes the last mark. Places that were
  /// reserved must be filled for it to end.
  void finish() throws IOException {
    Waiter chain;
    lock.lock();
    try {
      closed = true;
      progress.signalAll();
      room.close();
      room.grant();
      chain = wakeUps.take();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(chain, null);
    await(tail, Durability.SYNCED);
    awaitNoLeader();
    awaitPlace();
    writeMark(true);
    lock.lock();
    try {
      requireNotFailed();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until there is a place for a mark, or cannot be.
  private void awaitPlace() {
    lock.lock();
    try {
      while (failure == null && room.awaitsSegment()) {
        change.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Ends all waits and waits for the leader's I/O, without writing anything more.
  void abandon() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
    fail(new IllegalStateException("the log was abandoned"), false);
    awaitNoLeader();
  }

  private void awaitNoLeader() {
    lock.lock();
    try {
      while (hasLeader()) {
        change.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() throws WalFailedException {
    requireNotFailed();
    if (closed) {
      throw closedException();
    }
  }

  private IllegalStateException closedException() {
    return new IllegalStateException("the log " + log + " is closed");
  }

  /// Why the log has failed; only once it has.
  WalFailedException failure() {
    lock.lock();
    try {
      Throwable first = failure;
      assert first != null : "a wait was refused by a log that has not failed";
      return new WalFailedException(log, first);
    } finally {
      lock.unlock();
    }
  }

  private void requireNotFailed() throws WalFailedException {
    Throwable first = failure;
    if (first != null) {
      throw new WalFailedException(log, first);
    }
  }

  long tail() {
    return tail;
  }

  long durableLsn() {
    return durable;
  }

  /// What was done so far, with numbers of the supply and the writer.
  WalStats stats(SegmentSupply supply) {
    lock.lock();
    try {
      return writer.stats(records, supply, overlapped, slow, longestNanos);
    } finally {
      lock.unlock();
    }
  }
}
