package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.WalFormat.INT;
import static dev.iobus.storage.wal.WalFormat.LONG;

import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The first block of a file of frames: which use of the file this is, and where it begins in the
/// log. All integers are little-endian; the rest of the block is zero.
///
/// ```
///    0  file header (FileHeader), 64 bytes
///   64  this structure
/// 2048  this structure once more
///
/// +0   u32  magic
/// +4   u32  CRC-32C of the bytes from +8 to +64
/// +8   u64  segment id: random, new at each use of the slot
/// +16  u64  epoch; 0 in a slot that was prepared and never used
/// +24  u64  first LSN: that of the first byte behind this block
/// +32  u64  durable mark
/// +40  u64  capacity: bytes of the file, this block included
/// +48  u32  block size in bytes
/// +52  u32  zero
/// +56  u64  file id of the file header
/// ```
///
/// The second copy is there for one purpose: when the first is damaged it still gives the segment
/// id, so that recovery can see that the segment held acknowledged frames.
///
/// @param fileId id of the file, drawn when it was created
/// @param segmentId id of this use
/// @param epoch number of the opening of the log, from 1; 0 for a slot that was never used
/// @param firstLsn LSN of the first byte behind the header block
/// @param durableMark end of the prefix of the log that was durable when this was written
/// @param capacity bytes of the file
/// @param blockSize bytes of a block, at least 4096
record SegmentHeader(
    long fileId,
    long segmentId,
    long epoch,
    long firstLsn,
    long durableMark,
    long capacity,
    int blockSize) {

  /// The newest format of segments and of frame files that this library knows.
  static final int VERSION = 1;

  /// Drawn at random, every byte with its high bit set.
  static final int SEGMENT_MAGIC = 0xB8D4F1A6;

  private static final int FIRST_COPY = FileHeader.BYTES;
  private static final int SECOND_COPY = 2048;
  private static final int CRC = 4;
  private static final int SEGMENT_ID = 8;
  private static final int EPOCH = 16;
  private static final int FIRST_LSN = 24;
  private static final int DURABLE_MARK = 32;
  private static final int CAPACITY = 40;
  private static final int BLOCK_SIZE = 48;
  private static final int RESERVED = 52;
  private static final int FILE_ID = 56;
  private static final int BYTES = 64;

  static {
    assert FIRST_COPY + BYTES <= SECOND_COPY;
    assert SECOND_COPY + BYTES <= WalFormat.MIN_BLOCK_BYTES;
  }

  /// The same header for the opening of the log with that number.
  SegmentHeader ofEpoch(long number) {
    return new SegmentHeader(
        fileId, segmentId, number, firstLsn, durableMark, capacity, blockSize);
  }

  /// Fills a whole block.
  void write(MemorySegment block, FileKind kind) {
    block.fill((byte) 0);
    new FileHeader(kind, VERSION, fileId).write(block);
    writeCopy(block, FIRST_COPY);
    writeCopy(block, SECOND_COPY);
  }

  private void writeCopy(MemorySegment block, int at) {
    block.set(INT, at, SEGMENT_MAGIC);
    block.set(LONG, at + SEGMENT_ID, segmentId);
    block.set(LONG, at + EPOCH, epoch);
    block.set(LONG, at + FIRST_LSN, firstLsn);
    block.set(LONG, at + DURABLE_MARK, durableMark);
    block.set(LONG, at + CAPACITY, capacity);
    block.set(INT, at + BLOCK_SIZE, blockSize);
    block.set(INT, at + RESERVED, 0);
    block.set(LONG, at + FILE_ID, fileId);
    block.set(INT, at + CRC, WalFormat.crc(block, at + SEGMENT_ID, BYTES - SEGMENT_ID));
  }

  /// The header in `block`, or null when the first copy is damaged or of another file.
  static @Nullable SegmentHeader read(MemorySegment block, long fileId) {
    SegmentHeader header = readCopy(block, FIRST_COPY);
    return header != null && header.fileId == fileId ? header : null;
  }

  /// The second copy, or null when that is damaged.
  static @Nullable SegmentHeader readSecond(MemorySegment block) {
    return readCopy(block, SECOND_COPY);
  }

  private static @Nullable SegmentHeader readCopy(MemorySegment block, int at) {
    if (block.byteSize() < at + BYTES
        || block.get(INT, at) != SEGMENT_MAGIC
        || block.get(INT, at + CRC) != WalFormat.crc(block, at + SEGMENT_ID, BYTES - SEGMENT_ID)) {
      return null;
    }
    SegmentHeader header =
        new SegmentHeader(
            block.get(LONG, at + FILE_ID),
            block.get(LONG, at + SEGMENT_ID),
            block.get(LONG, at + EPOCH),
            block.get(LONG, at + FIRST_LSN),
            block.get(LONG, at + DURABLE_MARK),
            block.get(LONG, at + CAPACITY),
            block.get(INT, at + BLOCK_SIZE));
    return header.isSensible() ? header : null;
  }

  private boolean isSensible() {
    return epoch >= 0
        && firstLsn >= 0
        && firstLsn % WalFormat.FRAME_ALIGNMENT == 0
        && durableMark >= 0
        && blockSize >= WalFormat.MIN_BLOCK_BYTES
        && blockSize <= WalFormat.MAX_GROUP_BYTES
        && Integer.bitCount(blockSize) == 1
        && capacity >= blockSize;
  }
}
