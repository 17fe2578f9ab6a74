package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The way of a record into the log's memory: room, a place, its bytes. Thread-safe.
final class Appender {

  /// A record up to this length is put into the log under its lock: that takes less time than to
  /// count its place as taken and as filled. Nothing is reserved for one whose memory cannot be
  /// read.
  private static final int SHORT_BYTES = 512;

  // Constant after construction.
  private final String log;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final int groupBytes;
  private final LogMemory memory;
  private final LogState state;
  private final LogProgress progress;
  private final Room room;
  private final GroupCommit commit;
  private final Leadership leadership;
  private final Flights flights;
  private final WakeUps wakeUps;
  private final LogCounts counts;

  /// @param memory pays for long records
  Appender(
      String log,
      Scheduler scheduler,
      Scheduler.Lock lock,
      int groupBytes,
      LogMemory memory,
      LogState state,
      LogProgress progress,
      Room room,
      GroupCommit commit,
      Leadership leadership,
      Flights flights,
      WakeUps wakeUps,
      LogCounts counts) {
    this.log = log;
    this.scheduler = scheduler;
    this.lock = lock;
    this.groupBytes = groupBytes;
    this.memory = memory;
    this.state = state;
    this.progress = progress;
    this.room = room;
    this.commit = commit;
    this.leadership = leadership;
    this.flights = flights;
    this.wakeUps = wakeUps;
    this.counts = counts;
  }

  /// Puts one record into the log. Returns its end.
  ///
  /// @param durability what the caller waits for next; where nobody else writes or waits, that write is
  ///     over on return
  long append(MemorySegment payload, Durability durability) throws IOException {
    int length = check(payload);
    if (length <= SHORT_BYTES) {
      long end = tryAppend(payload, length, durability);
      if (end >= 0) {
        return end;
      }
    }
    Reservation reservation;
    if (WalFormat.frameBytes(length) <= groupBytes) {
      reservation = new Reservation(this, length, null);
      take(reservation);
    } else {
      reservation = acquire(length);
      reserve(reservation);
    }
    try {
      reservation.put(0, payload, 0, length);
      reservation.fill();
    } finally {
      // Not if it was filled. Else its memory went away after it had got its place.
      reservation.abandon();
    }
    return reservation.end();
  }

  /// As [#append(MemorySegment, Durability)] where there is room; −1 where that must be waited for.
  private long tryAppend(MemorySegment payload, int length, Durability durability)
      throws WalFailedException {
    long end;
    Flight flight;
    WakeUps.Woken woken = null;
    lock.lock();
    try {
      state.requireOpen();
      Group group = room.groupFor(WalFormat.frameBytes(length));
      if (group == null) {
        return -1;
      }
      end = group.append(payload, length, progress.durable());
      reserved(end, 1);
      flight = commit.takeOffIfAlone(durability);
      if (flight == null) {
        commit.hurry();
      } else {
        woken = wakeUps.take();
      }
    } finally {
      lock.unlock();
    }
    if (flight != null) {
      wakeUps.wake(woken, null);
      flights.perform(flight, null, woken == null);
    }
    return end;
  }

  /// Puts records into the log, with one reservation for as many as fit into a group. Returns the
  /// end of the last one.
  long append(List<MemorySegment> payloads) throws IOException {
    if (payloads.isEmpty()) {
      throw new IllegalArgumentException("no records");
    }
    for (MemorySegment payload : payloads) {
      check(payload);
    }
    long end = 0;
    int from = 0;
    while (from < payloads.size()) {
      long bytes = 0;
      int to = from;
      while (to < payloads.size()) {
        long more = WalFormat.frameBytes(payloads.get(to).byteSize());
        if (bytes + more > groupBytes) {
          break;
        }
        bytes += more;
        to++;
      }
      if (to == from) {
        end = append(payloads.get(from), Durability.BUFFERED);
        from++;
      } else {
        Reservation reservation = new Reservation(this, bytes, to - from);
        take(reservation);
        try {
          reservation.fillAll(payloads, from, to);
        } finally {
          reservation.abandon();
        }
        end = reservation.end();
        from = to;
      }
    }
    return end;
  }

  /// Refuses a record that is too long, or that the caller cannot read: it would take a place that
  /// is never filled.
  private static int check(MemorySegment payload) {
    int length = checkLength(payload.byteSize());
    if (length > 0) {
      byte _ = payload.get(ValueLayout.JAVA_BYTE, 0);
    }
    return length;
  }

  private static int checkLength(long length) {
    if (length < 0 || length > WalFormat.MAX_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "a record of %d bytes is not in 0 to %d".formatted(length, WalFormat.MAX_RECORD_BYTES));
    }
    return (int) length;
  }

  /// Waits for room for a record.
  Reservation acquire(int payloadLength) throws IOException {
    checkLength(payloadLength);
    long frameBytes = WalFormat.frameBytes(payloadLength);
    if (frameBytes <= groupBytes) {
      awaitRoom(frameBytes, false);
      return new Reservation(this, payloadLength, null);
    }
    LongRecord record = LongRecord.allocate(memory, payloadLength, groupBytes);
    try {
      awaitRoom(frameBytes, true);
    } catch (IOException | RuntimeException | Error e) {
      record.free();
      throw e;
    }
    return new Reservation(this, payloadLength, record);
  }

  /// Gives a reservation room and its place.
  private void take(Reservation reservation) throws IOException {
    if (!tryReserve(reservation)) {
      awaitRoom(reservation.frameBytes(), false);
      reserve(reservation);
    }
  }

  /// Takes room and the next place at once, if there is room and nobody waits for it.
  private boolean tryReserve(Reservation reservation) throws WalFailedException {
    lock.lock();
    try {
      state.requireOpen();
      if (!room.tryAcquire(reservation.frameBytes())) {
        return false;
      }
      // Nobody waited for room, and no permit was ever out: there is nothing to settle.
      place(reservation);
      commit.hurry();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits for room for a frame of that many bytes.
  ///
  /// @param alone whether it is a long record, which is appended alone
  private void awaitRoom(long frameBytes, boolean alone) throws IOException {
    boolean late;
    Waiter waiter;
    WakeUps.Woken woken;
    lock.lock();
    try {
      state.requireOpen();
      if (!alone && room.tryAcquire(frameBytes)) {
        return;
      }
      waiter = Waiter.forRoom(scheduler.currentTask(), frameBytes);
      late = room.await(waiter);
      if (late) {
        counts.segmentLate();
      }
      woken = leadership.settle(waiter);
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, waiter);
    if (late) {
      LogEvents.segmentLate(log);
    }
    commit.follow(waiter);
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
      state.requireOpen();
    } finally {
      lock.unlock();
    }
    throw new AssertionError("refused by an open log");
  }

  /// Takes the next place. Waits for no I/O and for no other task, and never fails for what was
  /// acquired.
  void reserve(Reservation reservation) {
    WakeUps.Woken woken;
    lock.lock();
    try {
      place(reservation);
      woken = commit.settlePermit();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, null);
  }

  /// Needs the lock.
  private void place(Reservation reservation) {
    reserved(room.reserve(reservation), reservation.records());
  }

  /// Needs the lock.
  private void reserved(long end, int records) {
    progress.reserved(end);
    counts.reserved(records);
  }

  /// Takes back a permit that was not used.
  void giveBack(Reservation reservation) {
    WakeUps.Woken woken;
    lock.lock();
    try {
      room.giveBack(reservation);
      woken = commit.settlePermit();
    } finally {
      lock.unlock();
    }
    wakeUps.wake(woken, null);
  }

  /// Counts a place filled, and lets the leader go that waited for the last one.
  void filled(FillCount fills) {
    Waiter leader = fills.filled();
    if (leader != null) {
      wakeUps.wakeFilled(leader);
    }
  }

  /// Ends the log, in which a place will never be filled: behind it nothing can be written.
  void abandoned(FillCount fills) {
    flights.failUnfilled();
    filled(fills);
  }

  /// The durable mark for a frame that is encoded now.
  long durableMark() {
    return progress.durable();
  }
}
