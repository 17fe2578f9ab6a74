package dev.iobus.storage.wal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// The bytes of a frame and the rules for groups of frames. All integers are little-endian.
///
/// ```
/// frame, begins at a multiple of 8 in its file
///  0  u32  magic
///  4  u32  CRC-32C of the bytes from 8 to the end of the frame
///  8  u8   type: 1 FULL, 2 FIRST, 3 MIDDLE, 4 LAST, 5 MARK
///  9  u8×3 zero
/// 12  u32  payload length in bytes
/// 16  u32  length in bytes of the whole record that the payload belongs to
/// 20  u32  zero bytes between the end of the frame before this one and this one
/// 24  u64  segment id
/// 32  u64  LSN of this frame
/// 40  u64  durable mark: the end of the prefix that was durable when this was encoded
/// 48       payload, then zeros to a multiple of 8: the end of the frame
/// ```
///
/// A group begins at a block boundary of its file, holds frames without a gap, and is zero-padded
/// to the next block boundary. An LSN counts every byte of a segment behind its header, padding
/// between two groups of one segment included; a segment begins with the LSN at which the last
/// frame before it ended, so what lies unused at the end of a segment is not in LSN space. The
/// count of padding in each frame makes a frame that vanished from the end of a group visible to
/// the frame behind it.
final class WalFormat {

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Drawn at random, every byte with its high bit set: neither text nor zeros look like it.
  static final int FRAME_MAGIC = 0xC5A791E3;

  static final int MAGIC = 0;
  static final int CRC = 4;
  static final int TYPE = 8;
  static final int PAYLOAD_LENGTH = 12;
  static final int RECORD_LENGTH = 16;
  static final int PADDING = 20;
  static final int SEGMENT_ID = 24;
  static final int LSN = 32;
  static final int DURABLE_MARK = 40;
  static final int FRAME_HEADER_BYTES = 48;
  static final int FRAME_ALIGNMENT = 8;

  /// The longest group, and so the longest frame, that any writer makes and any reader accepts.
  static final int MAX_GROUP_BYTES = 1 << 20;

  /// The longest record.
  static final int MAX_RECORD_BYTES = 64 << 20;

  /// The smallest block: the unit that is never written twice.
  static final int MIN_BLOCK_BYTES = 4096;

  private WalFormat() {}

  /// Bytes of a frame with that payload, up to where the next frame may begin.
  static long frameBytes(long payloadLength) {
    return alignUp(FRAME_HEADER_BYTES + payloadLength, FRAME_ALIGNMENT);
  }

  static long alignUp(long value, int alignment) {
    return (value + alignment - 1) & -alignment;
  }

  /// Completes a frame whose payload is in place: header, zeros behind the payload, checksum.
  ///
  /// @param group memory of the group, in which the frame begins at `at`
  /// @param padding bytes between the end of the frame before and this one
  static void seal(
      MemorySegment group,
      long at,
      FrameType type,
      int payloadLength,
      int recordLength,
      int padding,
      long segmentId,
      long lsn,
      long durableMark) {
    assert at % FRAME_ALIGNMENT == 0;
    assert durableMark <= lsn : "durable mark " + durableMark + " behind LSN " + lsn;
    long bytes = frameBytes(payloadLength);
    long payloadEnd = at + FRAME_HEADER_BYTES + payloadLength;
    for (long pad = payloadEnd; pad < at + bytes; pad++) { // At most seven.
      group.set(JAVA_BYTE, pad, (byte) 0);
    }
    group.set(INT, at + MAGIC, FRAME_MAGIC);
    group.set(INT, at + TYPE, type.code());
    group.set(INT, at + PAYLOAD_LENGTH, payloadLength);
    group.set(INT, at + RECORD_LENGTH, recordLength);
    group.set(INT, at + PADDING, padding);
    group.set(LONG, at + SEGMENT_ID, segmentId);
    group.set(LONG, at + LSN, lsn);
    group.set(LONG, at + DURABLE_MARK, durableMark);
    group.set(INT, at + CRC, checksum(group, at, bytes));
  }

  /// The checksum that a frame of that many bytes at `at` must carry.
  static int checksum(MemorySegment group, long at, long bytes) {
    return crc(group, at + TYPE, bytes - TYPE);
  }

  /// CRC-32C of a run of bytes.
  static int crc(MemorySegment segment, long from, long length) {
    CRC32C crc = new CRC32C();
    crc.update(segment.asSlice(from, length).asByteBuffer());
    return (int) crc.getValue();
  }

  /// Whether all bytes of the run are zero.
  static boolean isZero(MemorySegment segment, long from, long length) {
    long at = from;
    long end = from + length;
    for (; at + Long.BYTES <= end; at += Long.BYTES) {
      if (segment.get(LONG, at) != 0) {
        return false;
      }
    }
    for (; at < end; at++) {
      if (segment.get(JAVA_BYTE, at) != 0) {
        return false;
      }
    }
    return true;
  }
}
