package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory for one operation, between two canaries that nobody may write.
///
/// Confined to one thread, but for what the kernel does.
final class Area {

  private static final int CANARY_BYTES = 64;
  private static final byte CANARY = (byte) 0xC5;
  private static final byte UNTOUCHED = (byte) 0xEE;

  final MemorySegment memory;
  private final MemorySegment before;
  private final MemorySegment after;
  private final MemorySegment canary;
  private final MemorySegment untouched;

  Area(Arena arena, int bytes) {
    MemorySegment all = arena.allocate(bytes + 2L * CANARY_BYTES, 64);
    all.fill(CANARY);
    before = all.asSlice(0, CANARY_BYTES);
    memory = all.asSlice(CANARY_BYTES, bytes);
    after = all.asSlice(CANARY_BYTES + (long) bytes);
    canary = arena.allocate(CANARY_BYTES).fill(CANARY);
    untouched = arena.allocate(bytes).fill(UNTOUCHED);
  }

  /// Makes all of it recognizable as not written to.
  MemorySegment cleared(int length) {
    memory.fill(UNTOUCHED);
    return memory.asSlice(0, length);
  }

  /// After an operation that has written its first `length` bytes, and only those.
  void checkTouched(MemorySegment expected, long from, long length) {
    checkCanaries();
    long difference =
        MemorySegment.mismatch(memory, 0, length, expected, from, from + length);
    assertEquals(-1, difference, "the first byte that is not as expected");
    long size = memory.byteSize();
    assertEquals(
        -1,
        MemorySegment.mismatch(memory, length, size, untouched, length, size),
        "a byte behind the end was written");
  }

  void checkCanaries() {
    assertEquals(-1, before.mismatch(canary), "the canary before the memory");
    assertEquals(-1, after.mismatch(canary), "the canary after the memory");
  }
}
