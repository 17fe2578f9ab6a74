package dev.iobus.bench.wal;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The bytes of one appended record: who wrote it, which one it is, and filler that follows from
/// both, so that no record can pass for another: one addition a word, as what takes long would be
/// measured as the log's time. All numbers are little-endian.
///
/// ```
/// 0      4         8        16
/// | run  | writer  | number | filler, a word at a time … |
/// | int  | int     | long   |                            |
/// ```
///
/// Stateless, so thread-safe.
final class LogRecord {

  /// A record without filler, in bytes.
  static final int LENGTH_MIN = 16;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long RUN_OFFSET = 0;
  private static final long WRITER_OFFSET = 4;
  private static final long NUMBER_OFFSET = 8;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private LogRecord() {}

  /// Fills all of `record`, at least [#LENGTH_MIN] bytes.
  ///
  /// @param run tells runs apart whose records could lie in one file
  static void write(MemorySegment record, int run, int writer, long number) {
    record.set(INT, RUN_OFFSET, run);
    record.set(INT, WRITER_OFFSET, writer);
    record.set(LONG, NUMBER_OFFSET, number);
    long word = seed(run, writer, number);
    long length = record.byteSize();
    long at = LENGTH_MIN;
    for (; at + Long.BYTES <= length; at += Long.BYTES) {
      word += GOLDEN;
      record.set(LONG, at, word);
    }
    for (word += GOLDEN; at < length; at++, word >>>= Byte.SIZE) {
      record.set(ValueLayout.JAVA_BYTE, at, (byte) word);
    }
  }

  static int run(MemorySegment record) {
    return record.get(INT, RUN_OFFSET);
  }

  static int writer(MemorySegment record) {
    return record.get(INT, WRITER_OFFSET);
  }

  static long number(MemorySegment record) {
    return record.get(LONG, NUMBER_OFFSET);
  }

  private static long seed(int run, int writer, long number) {
    return ((long) run << Integer.SIZE | writer) * GOLDEN ^ number;
  }
}
