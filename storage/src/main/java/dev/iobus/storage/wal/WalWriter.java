package dev.iobus.storage.wal;

import dev.iobus.WriteFlag;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Writes groups to segments and makes them durable. Owned by the leader of the log: one task at
/// a time, handed over under the log's lock.
///
/// A DSYNC write vouches for its own bytes alone. So it is used only while everything before it is
/// on stable storage; once something was written without, the next sync is an fdatasync, and a
/// segment that is left is synced first.
final class WalWriter {

  // Constant after construction.
  private final AppendPrimitive primitive;
  private final int blockSize;
  private final long epoch;
  private final MemorySegment headerBlock;

  // Owned by the leader.
  private WalSegment segment;
  private boolean dirty;

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
    if (primitive.dsync()) {
      segment.file().writeFully(headerBlock, 0, WriteFlag.DSYNC);
    } else {
      segment.file().writeFully(headerBlock, 0, WriteFlag.NONE);
      segment.file().dataSync();
    }
    syncs++;
  }

  /// Writes a filled group, in a new segment if it belongs there.
  ///
  /// @param sync whether everything up to the end of the group is durable on return
  void write(Group group, boolean sync, long durableMark) throws IOException {
    if (group.segment() != segment) {
      roll(group.segment(), durableMark);
    }
    long bytes = group.blockBytes(blockSize);
    MemorySegment buffer = group.buffer();
    buffer.asSlice(group.used(), bytes - group.used()).fill((byte) 0);
    MemorySegment blocks = buffer.asSlice(0, bytes);
    DataFile file = segment.file();
    if (sync && primitive.dsync() && !dirty) {
      file.writeFully(blocks, group.offset(), WriteFlag.DSYNC);
      syncs++;
    } else {
      dirty = true;
      file.writeFully(blocks, group.offset(), WriteFlag.NONE);
      if (sync) {
        sync();
      }
    }
  }

  /// Makes everything durable that was written.
  void sync() throws IOException {
    if (dirty) {
      segment.file().dataSync();
      dirty = false;
      syncs++;
    }
  }

  private void roll(WalSegment next, long durableMark) throws IOException {
    sync();
    segment.closeFile();
    segment = next;
    writeHeader(durableMark);
  }

  /// For tests: lets every later write and sync fail.
  void breakFile() throws IOException {
    segment.file().close();
  }

  long syncs() {
    return syncs;
  }

  String primitive() {
    return primitive.description();
  }
}
