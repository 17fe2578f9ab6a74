package dev.iobus.storage.wal;

import java.lang.foreign.MemorySegment;

/// Frames that will be written at once. Reserved under the log's lock, filled by everybody, then
/// written by the leader who sealed it.
final class Group {

  // Constant after construction.
  private final GroupBuffer buffer;
  private final WalSegment segment;
  private final long offset;
  private final long startLsn;
  private final int padding;
  private final FillCount fills = new FillCount();

  // Guarded by the log's lock until the group is sealed, then constant.
  private long used;

  /// @param buffer memory of the group's largest size
  /// @param segment where it will be written
  /// @param offset where in that segment's file
  /// @param startLsn LSN of its first byte
  /// @param padding bytes between the end of the frame before and its first byte
  Group(GroupBuffer buffer, WalSegment segment, long offset, long startLsn, int padding) {
    this.buffer = buffer;
    this.segment = segment;
    this.offset = offset;
    this.startLsn = startLsn;
    this.padding = padding;
  }

  /// Takes the next `bytes` for a frame; returns where in the buffer it begins.
  long reserve(long bytes) {
    assert used + bytes <= memory().byteSize() : "reserved more than was acquired";
    long at = used;
    used += bytes;
    fills.add();
    return at;
  }

  /// Puts a record into the place of the next frame. Returns the end of that frame.
  long append(MemorySegment payload, int length, long durableMark) {
    long at = used;
    long bytes = WalFormat.frameBytes(length);
    boolean put = false;
    try {
      MemorySegment.copy(payload, 0, memory(), at + WalFormat.FRAME_HEADER_BYTES, length);
      put = true;
    } finally {
      if (!put) {
        buffer.soiled(at + bytes);
      }
    }
    used = at + bytes;
    sealFrame(at, FrameType.FULL, length, durableMark);
    return startLsn + used;
  }

  /// Completes the frame at `at`, whose payload is in place.
  void sealFrame(long at, FrameType type, int payloadLength, long durableMark) {
    WalFormat.seal(
        memory(),
        at,
        type,
        payloadLength,
        payloadLength,
        at == 0 ? padding : 0,
        segment.segmentId(),
        startLsn + at,
        durableMark);
  }

  GroupBuffer buffer() {
    return buffer;
  }

  MemorySegment memory() {
    return buffer.memory();
  }

  WalSegment segment() {
    return segment;
  }

  long offset() {
    return offset;
  }

  long startLsn() {
    return startLsn;
  }

  int padding() {
    return padding;
  }

  FillCount fills() {
    return fills;
  }

  long used() {
    return used;
  }

  /// LSN behind the last frame.
  long endLsn() {
    return startLsn + used;
  }

  /// Bytes to write: whole blocks.
  long blockBytes(int blockSize) {
    return WalFormat.alignUp(used, blockSize);
  }
}
