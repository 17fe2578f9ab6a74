package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// What a leader does without the lock: waits until what it sealed is filled, and writes it.
/// Owned by the leader; counters are guarded by the log's lock.
final class GroupWriter {

  // Constant after construction.
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Room room;
  private final WalWriter writer;
  private final WakeUps wakeUps;

  // Guarded by the lock.
  private long groups;
  private long bytes;
  private long paddedBytes;

  GroupWriter(
      Scheduler scheduler, Scheduler.Lock lock, Room room, WalWriter writer, WakeUps wakeUps) {
    this.scheduler = scheduler;
    this.lock = lock;
    this.room = room;
    this.writer = writer;
    this.wakeUps = wakeUps;
  }

  /// Writes a sealed group, then a long record, as far as there are any.
  ///
  /// @param sync whether everything written so far is durable on return
  /// @param durable LSN below which everything is durable already
  void write(@Nullable Group group, @Nullable LongRecord record, boolean sync, long durable)
      throws IOException {
    if (group != null) {
      awaitFilled(group.fills());
      writer.write(group, sync && record == null, durable);
      count(group);
    }
    if (record != null) {
      awaitFilled(record.fills());
      for (int i = 0; i < record.pieces(); i++) {
        writePiece(record, i, durable);
      }
    }
    if (sync) {
      writer.sync();
    }
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
    count(piece);
  }

  private void count(Group group) {
    lock.lock();
    try {
      groups++;
      bytes += group.used();
      paddedBytes += room.paddingOf(group);
      room.written(group);
    } finally {
      lock.unlock();
    }
  }

  /// What was done so far, with numbers of the others. Needs the lock.
  WalStats stats(long records, SegmentSupply supply) {
    return new WalStats(
        groups,
        records,
        bytes,
        paddedBytes,
        writer.syncs(),
        room.segmentWaits(),
        supply.created(),
        supply.reused(),
        writer.primitive());
  }
}
