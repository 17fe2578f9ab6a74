package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// What a leader does without the lock: waits until what it sealed is filled, and writes it.
/// Owned by the leader.
final class GroupWriter {

  // Constant after construction.
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final LogState state;
  private final Room room;
  private final GroupPlaces places;
  private final LiveSegments live;
  private final WalWriter writer;
  private final WakeUps wakeUps;
  private final LogCounts counts;

  GroupWriter(
      Scheduler scheduler,
      Scheduler.Lock lock,
      LogState state,
      Room room,
      GroupPlaces places,
      LiveSegments live,
      WalWriter writer,
      WakeUps wakeUps,
      LogCounts counts) {
    this.scheduler = scheduler;
    this.lock = lock;
    this.state = state;
    this.room = room;
    this.places = places;
    this.live = live;
    this.writer = writer;
    this.wakeUps = wakeUps;
    this.counts = counts;
  }

  /// Whether a group can be made durable by one write while others are in flight. Needs the lock.
  boolean canShare(@Nullable Group group) {
    return group != null && writer.canShare(group);
  }

  /// Writes a sealed group, then a long record, as far as there are any.
  ///
  /// @param durable LSN below which everything is durable already
  /// @param atOnce whether it has only just begun
  void write(Flight flight, long durable, boolean atOnce) throws IOException {
    Group group = flight.group;
    LongRecord record = flight.record;
    boolean waited = group != null && awaitFilled(group.fills());
    waited |= record != null && awaitFilled(record.fills());
    if (waited) {
      requireNotFailed();
    }
    long begin = atOnce && !waited ? flight.beginNanos : scheduler.nanoTime();
    if (group != null) {
      if (flight.shared) {
        writer.writeShared(group);
      } else {
        writer.write(group, flight.sync && record == null, durable);
      }
    }
    if (record != null) {
      if (group != null) {
        written(group);
      }
      for (int i = 0; i < record.pieces(); i++) {
        writePiece(record, i, durable);
      }
    }
    if (flight.sync && !flight.shared) {
      writer.sync();
    }
    flight.endNanos = scheduler.nanoTime();
    flight.deviceNanos = flight.endNanos - begin;
    LogEvents.written(flight);
  }

  /// A place that was waited for may have been given up.
  private void requireNotFailed() throws WalFailedException {
    lock.lock();
    try {
      state.requireNotFailed();
    } finally {
      lock.unlock();
    }
  }

  /// Returns whether it took time.
  private boolean awaitFilled(FillCount fills) {
    if (fills.sealIfFilled()) {
      return false;
    }
    Waiter leader = Waiter.forFills(scheduler.currentTask());
    if (fills.seal(leader)) {
      wakeUps.awaitTurn(leader);
    }
    return true;
  }

  /// Writes a piece of a long record in the place of a group.
  private void writePiece(LongRecord record, int index, long durable) throws IOException {
    Group piece;
    lock.lock();
    try {
      piece = room.nextPiece(WalFormat.frameBytes(record.pieceLength(index)));
    } finally {
      lock.unlock();
    }
    record.writePiece(index, piece, durable);
    writer.write(piece, false, durable);
    written(piece);
  }

  private void written(Group group) {
    lock.lock();
    try {
      written(group, false);
    } finally {
      lock.unlock();
    }
  }

  /// Takes note of a write that has completed. Needs the lock.
  void completed(Flight flight) {
    Group group = flight.group;
    if (group != null && flight.record == null) {
      written(group, flight.shared);
    }
  }

  /// A group is written: its buffer can be used again. Needs the lock.
  private void written(Group group, boolean shared) {
    counts.written(group, places.paddingOf(group), shared);
    live.written(group.segment());
    room.addBuffer(group.buffer());
  }
}
