package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// What of arenas transfers were given is counted once, and only while it is there.
final class SimMemoryTest {

  private final SimMemory memory = new SimMemory();

  @Test
  void partsThatOverlapOrTouchCountOnce() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = arena.allocate(1000);
      memory.note(whole.asSlice(0, 100));
      memory.note(whole.asSlice(200, 100));
      assertEquals(200, memory.bytes());
      memory.note(whole.asSlice(50, 100));
      assertEquals(250, memory.bytes());
      memory.note(whole.asSlice(60, 10));
      assertEquals(250, memory.bytes());
      memory.note(whole.asSlice(150, 50));
      assertEquals(300, memory.bytes());
      memory.note(whole);
      assertEquals(1000, memory.bytes());
    }
  }

  @Test
  void freedMemoryIsOfThePast() {
    for (int i = 1; i <= 3; i++) {
      try (Arena arena = Arena.ofConfined()) {
        memory.note(arena.allocate(100L * i));
        assertEquals(100L * i, memory.bytes());
      }
      assertEquals(0, memory.bytes());
    }
    assertEquals(300, memory.most());
  }

  @Test
  void heapMemoryAndWhatIsNeverFreedAreNone() {
    memory.note(MemorySegment.ofArray(new byte[100]));
    memory.note(Arena.global().allocate(100));
    assertEquals(0, memory.bytes());
    assertEquals(0, memory.alive());
  }
}
