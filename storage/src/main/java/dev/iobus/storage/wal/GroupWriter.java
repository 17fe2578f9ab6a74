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
  private final Room room;
  private final GroupPlaces places;
  private final LiveSegments live;
  private final WalWriter writer;
  private final WakeUps wakeUps;
  private final LogCounts counts;

  GroupWriter(
      Scheduler scheduler,
      Scheduler.Lock lock,
      Room room,
      GroupPlaces places,
      LiveSegments live,
      WalWriter writer,
      WakeUps wakeUps,
      LogCounts counts) {
    this.scheduler = scheduler;
    this.lock = lock;
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
  void write(Flight flight, long durable) throws IOException {
    Group group = flight.group;
    LongRecord record = flight.record;
    if (group != null) {
      awaitFilled(group.fills());
    }
    if (record != null) {
      awaitFilled(record.fills());
    }
    long begin = scheduler.nanoTime();
    if (group != null) {
      if (flight.shared) {
        writer.writeShared(group);
      } else {
        writer.write(group, flight.sync && record == null, durable);
      }
      written(group, flight.shared);
    }
    if (record != null) {
      for (int i = 0; i < record.pieces(); i++) {
        writePiece(record, i, durable);
      }
    }
    if (flight.sync && !flight.shared) {
      writer.sync();
    }
    flight.deviceNanos = scheduler.nanoTime() - begin;
    LogEvents.written(flight);
  }

  private void awaitFilled(FillCount fills) {
    Waiter leader = Waiter.forFills(scheduler.currentTask());
    if (fills.seal(leader)) {
      wakeUps.awaitTurn(leader);
    }
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
    written(piece, false);
  }

  /// Takes note of a group that was written: its buffer can be used again.
  private void written(Group group, boolean shared) {
    lock.lock();
    try {
      counts.written(group, places.paddingOf(group), shared);
      live.written(group.segment());
      room.addBuffer(group.buffer());
    } finally {
      lock.unlock();
    }
  }
}
