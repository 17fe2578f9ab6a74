package dev.iobus.bench.bus;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A page of a [BlockFile]. Integers are little-endian.
///
/// ```
/// offset  bytes
///      0      8  number: the position of the page in the file, in pages
///      8      8  generation: which run wrote it; 0 when the file was made
///     16  4,080  random
/// ```
///
/// Blocks of every size are whole pages, so that one file serves them all, and every part of a
/// large block tells where it comes from.
final class PageFormat {

  static final int LENGTH = 4_096;

  private static final int NUMBER_AT = 0;
  private static final int GENERATION_AT = 8;
  private static final long NO_PAGE = -1;

  private static final ValueLayout.OfLong FIELD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private PageFormat() {}

  /// Makes the page at `at` in `memory` page `number` of `generation`; the random bytes stay.
  static void stamp(MemorySegment memory, long at, long number, long generation) {
    memory.set(FIELD, at + NUMBER_AT, number);
    memory.set(FIELD, at + GENERATION_AT, generation);
  }

  /// Makes the page at `at` in `memory` none of any file, so that a read that brings nothing is
  /// noticed.
  static void clear(MemorySegment memory, long at) {
    memory.set(FIELD, at + NUMBER_AT, NO_PAGE);
  }

  static long numberAt(MemorySegment memory, long at) {
    return memory.get(FIELD, at + NUMBER_AT);
  }

  static long generationAt(MemorySegment memory, long at) {
    return memory.get(FIELD, at + GENERATION_AT);
  }
}
