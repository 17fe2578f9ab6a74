package dev.iobus.storage.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Little-endian integers and unsigned varints on segments, as all files hold them. Nothing here
/// allocates; any alignment is accepted. A place outside the segment is an
/// [IndexOutOfBoundsException], so callers check lengths that come from disk first.
public final class Encoding {

  /// The most bytes that a varint takes: nine groups of seven bits hold 63 bits.
  public static final int VARINT_BYTES_MAX = 9;

  /// What [#getVarint] returns where no valid varint begins.
  public static final long NO_VARINT = -1;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Encoding() {}

  /// An unsigned byte, 0 to 255.
  public static int getByte(MemorySegment segment, long offset) {
    return segment.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
  }

  /// Writes the low eight bits of `value`.
  public static void putByte(MemorySegment segment, long offset, int value) {
    segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
  }

  /// An unsigned 16-bit integer, 0 to 65,535.
  public static int getShort(MemorySegment segment, long offset) {
    return segment.get(SHORT, offset) & 0xffff;
  }

  /// Writes the low sixteen bits of `value`.
  public static void putShort(MemorySegment segment, long offset, int value) {
    segment.set(SHORT, offset, (short) value);
  }

  /// Thirty-two bits at `offset`.
  public static int getInt(MemorySegment segment, long offset) {
    return segment.get(INT, offset);
  }

  /// Writes thirty-two bits at `offset`.
  public static void putInt(MemorySegment segment, long offset, int value) {
    segment.set(INT, offset, value);
  }

  /// Sixty-four bits at `offset`.
  public static long getLong(MemorySegment segment, long offset) {
    return segment.get(LONG, offset);
  }

  /// Writes sixty-four bits at `offset`.
  public static void putLong(MemorySegment segment, long offset, long value) {
    segment.set(LONG, offset, value);
  }

  /// Bytes that [#putVarint] takes for `value`, 1 to [#VARINT_BYTES_MAX]; `value` is at least 0.
  public static int varintLength(long value) {
    assert value >= 0 : value;
    return Math.max(1, (70 - Long.numberOfLeadingZeros(value)) / 7);
  }

  /// Writes `value`, at least 0, seven bits a byte from the lowest on, the high bit set in all
  /// bytes but the last. Returns the offset just after it.
  public static long putVarint(MemorySegment segment, long offset, long value) {
    if (value < 0) {
      throw new IllegalArgumentException("a varint holds no negative value: " + value);
    }
    long at = offset;
    long rest = value;
    while (rest > 0x7f) {
      segment.set(ValueLayout.JAVA_BYTE, at++, (byte) (rest | 0x80));
      rest >>>= 7;
    }
    segment.set(ValueLayout.JAVA_BYTE, at++, (byte) rest);
    return at;
  }

  /// The varint at `offset` that ends before `limit`, or [#NO_VARINT] when there is none: it is
  /// cut off, longer than [#VARINT_BYTES_MAX], or not the shortest form of its value. Because only
  /// the shortest form is valid, the next field begins [#varintLength] bytes further.
  public static long getVarint(MemorySegment segment, long offset, long limit) {
    long value = 0;
    int shift = 0;
    for (long at = offset; at < limit && shift < 7 * VARINT_BYTES_MAX; at++, shift += 7) {
      int b = segment.get(ValueLayout.JAVA_BYTE, at);
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return b == 0 && shift > 0 ? NO_VARINT : value;
      }
    }
    return NO_VARINT;
  }
}
