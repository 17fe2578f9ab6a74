package dev.iobus.storage.wal;

import dev.iobus.WriteFlag;
import dev.iobus.storage.file.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;

/// Writes groups to segments and makes them durable. Owned by the leader of the log: one task at
/// a time, handed over under the log's lock. Several leaders at once only make shared writes, which
/// change nothing here.
///
/// A DSYNC write vouches for its own bytes alone. So it is used only while everything before it is
/// on stable storage; once something was written without, the next sync is an fdatasync of each
/// segment that holds such bytes. A segment that is left unsynced stays open for that, and is
/// forgotten when nobody needs its bytes any more: a log of which nothing is ever synced never
/// waits for the device, and much of it never goes there.
final class WalWriter {

  // Constant after construction.
  private final AppendPrimitive primitive;
  private final int blockSize;
  private final long epoch;
  private final MemorySegment headerBlock;

  // Owned by the leader.
  private WalSegment segment;
  /// Whether the current segment holds bytes that are not durable.
  private boolean dirty;
  /// Segments before the current one that may hold such bytes, oldest first.
  private final ArrayDeque<WalSegment> unsynced = new ArrayDeque<>();

  /// Read by anybody, written by the leader.
  private volatile long syncs;

  /// @param headerBlock memory of one block, aligned
  /// @param first a prepared segment that has its place; its header is not written yet
  WalWriter(
      AppendPrimitive primitive,
      int blockSize,
      long epoch,
      MemorySegment headerBlock,
      WalSegment first) {
    this.primitive = primitive;
    this.blockSize = blockSize;
    this.epoch = epoch;
    this.headerBlock = headerBlock;
    this.segment = first;
  }

  /// Begins a use of the current segment: its header, on stable storage.
  void writeHeader(long durableMark) throws IOException {
    new SegmentHeader(
            segment.fileId(),
            segment.segmentId(),
            epoch,
            segment.firstLsn(),
            durableMark,
            segment.capacity(),
            blockSize)
        .write(headerBlock, FileKind.WAL_SEGMENT);
    // DSYNC whatever the primitive: an fdatasync would also write what an earlier use of the slot
    // left in the page cache, up to the whole segment.
    segment.file().writeFully(headerBlock, 0, WriteFlag.DSYNC);
    syncs++;
  }

  /// Whether one durable write can acknowledge a group: it belongs into the current segment, and
  /// everything before it is durable, or will be by such writes of its own. Needs the log's lock,
  /// while nothing but shared writes is in flight or nothing at all.
  boolean canShare(Group group) {
    return primitive.dsync() && isClean() && group.segment() == segment;
  }

  /// Writes a filled group that [#canShare]; its bytes are durable on return.
  void writeShared(Group group) throws IOException {
    segment.file().writeFully(blocks(group), group.offset(), WriteFlag.DSYNC);
  }

  /// Writes a filled group, in a new segment if it belongs there.
  ///
  /// @param sync whether everything up to the end of the group is durable on return
  void write(Group group, boolean sync, long durableMark) throws IOException {
    if (group.segment() != segment) {
      roll(group.segment(), durableMark);
    }
    MemorySegment blocks = blocks(group);
    LogFile file = segment.file();
    if (sync && primitive.dsync() && isClean()) {
      file.writeFully(blocks, group.offset(), WriteFlag.DSYNC);
      syncs++;
    } else if (sync && primitive.way() == AppendPrimitive.Way.LINKED && unsynced.isEmpty()) {
      // It covers what is dirty in this segment, too.
      file.writeAndDataSync(blocks, group.offset());
      dirty = false;
      syncs++;
    } else {
      dirty = true;
      file.writeFully(blocks, group.offset(), WriteFlag.NONE);
      if (sync) {
        sync();
      }
    }
  }

  /// The bytes of a group, with zeros up to the end of its last block.
  private MemorySegment blocks(Group group) {
    return group.buffer().padded(group.used(), group.blockBytes(blockSize));
  }

  private boolean isClean() {
    return !dirty && unsynced.isEmpty();
  }

  /// Makes everything durable that was written and is still needed.
  void sync() throws IOException {
    while (!unsynced.isEmpty()) {
      WalSegment oldest = unsynced.getFirst();
      if (!oldest.isReleased()) {
        oldest.file().dataSync();
        syncs++;
      }
      oldest.closeFile();
      unsynced.removeFirst();
    }
    if (dirty) {
      segment.file().dataSync();
      dirty = false;
      syncs++;
    }
  }

  private void roll(WalSegment next, long durableMark) throws IOException {
    while (!unsynced.isEmpty() && unsynced.getFirst().isReleased()) {
      unsynced.removeFirst().closeFile();
    }
    if (dirty) {
      unsynced.add(segment);
      dirty = false;
    } else {
      segment.closeFile();
    }
    segment = next;
    writeHeader(durableMark);
  }

  /// The segments that a failed log left unsynced and open.
  List<WalSegment> takeUnsynced() {
    List<WalSegment> taken = List.copyOf(unsynced);
    unsynced.clear();
    return taken;
  }

  /// For tests: lets every later write and sync fail.
  void breakFile() throws IOException {
    segment.file().close();
  }

  long syncs() {
    return syncs;
  }

  AppendPrimitive appendPrimitive() {
    return primitive;
  }

  String primitive() {
    return primitive.description();
  }
}
