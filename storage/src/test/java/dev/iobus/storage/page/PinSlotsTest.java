package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Scheduler;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PinSlotsTest {

  private static final long ADDRESS = 0x7000_0000_1000L;

  private final PinSlots slots = new PinSlots(Scheduler.system());

  @Test
  void slotsAreTakenUntilNoneIsFree() throws Exception {
    List<Integer> taken = new ArrayList<>();
    int slot = slots.take(ADDRESS);
    while (slot != PinSlots.NONE) {
      assertFalse(taken.contains(slot), "slot " + slot + " was taken twice");
      taken.add(slot);
      slot = slots.take(ADDRESS);
    }
    assertTrue(taken.size() > 1, taken.size() + " slots");
    Thread other = Thread.ofPlatform().start(() -> slots.release(taken.getLast()));
    other.join();
    assertEquals(taken.getLast(), slots.take(ADDRESS));
  }

  @Test
  void memoryIsHeldWhileAnySlotHasAnAddressOfIt() {
    assertFalse(slots.hold(1, Long.MAX_VALUE));
    int first = slots.take(ADDRESS);
    int second = slots.take(ADDRESS);
    assertTrue(slots.hold(ADDRESS, 1));
    assertTrue(slots.hold(ADDRESS - 4095, 4096));
    assertFalse(slots.hold(ADDRESS - 4096, 4096));
    assertFalse(slots.hold(ADDRESS + 1, 4096));
    slots.release(first);
    assertTrue(slots.hold(ADDRESS, 1));
    slots.release(second);
    assertFalse(slots.hold(ADDRESS, 1));
  }

  /// The smallest machine has four lines, and none has more than 512.
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 512})
  void everyHitIsCounted(int lines) throws Exception {
    PinSlots few = new PinSlots(Scheduler.system(), lines);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Runnable body =
          () -> {
            int counted = 0;
            while (counted < 1_000) {
              int slot = few.take(ADDRESS);
              if (slot == PinSlots.NONE) {
                LockSupport.parkNanos(1_000);
              } else {
                few.countHit(slot);
                few.release(slot);
                counted++;
              }
            }
          };
      threads.add(i % 2 == 0 ? Thread.ofVirtual().start(body) : Thread.ofPlatform().start(body));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(40_000, few.hits());
    assertFalse(few.hold(ADDRESS, 1));
  }

  /// Tasks with as many numbers as there are lines reach all of them, and each slot is looked at.
  @ParameterizedTest
  @ValueSource(ints = {2, 512})
  void slotsOfEveryLineAreSeen(int lines) throws Exception {
    PinSlots all = new PinSlots(Scheduler.system(), lines);
    List<Integer> taken = new ArrayList<>();
    while (taken.size() < all.count()) {
      Thread task =
          Thread.ofVirtual()
              .start(
                  () -> {
                    int slot = all.take(ADDRESS + taken.size());
                    if (slot != PinSlots.NONE) {
                      taken.add(slot);
                    }
                  });
      task.join();
    }
    assertEquals(all.count(), Set.copyOf(taken).size());
    assertEquals(all.count(), all.held(new long[all.count()]));
    for (int i = 0; i < taken.size(); i++) {
      assertTrue(all.hold(ADDRESS + i, 1), "slot " + taken.get(i));
      all.release(taken.get(i));
      assertFalse(all.hold(ADDRESS + i, 1), "slot " + taken.get(i));
    }
  }

  @Test
  void retiredFrameIsReusedWhenNoSlotHasIt() {
    try (Arena arena = Arena.ofShared()) {
      Frame frame = new FrameExtent(arena, arena.allocate(FrameExtent.BYTES), 0).frames[0];
      frame.beginLoad(1, false);
      frame.publish(1, 4096, 64, 0);
      int slot = slots.take(frame.address());
      assertNotEquals(PinSlots.NONE, slot);
      assertTrue(frame.isPinnedBySlot(1, 4096));
      assertFalse(frame.isPinnedBySlot(1, 8192));
      assertTrue(frame.tryRetireIdle());
      assertFalse(frame.isPinnedBySlot(1, 4096), "a retired frame gets a new pin");
      assertFalse(frame.tryReclaim(slots));
      assertEquals(Frame.RETIRED, frame.state());
      assertEquals(64, frame.bytes().byteSize());
      slots.release(slot);
      assertTrue(frame.tryReclaim(slots));
      assertEquals(1, frame.generation());
    }
  }
}
