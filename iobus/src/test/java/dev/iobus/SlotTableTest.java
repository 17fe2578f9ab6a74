package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SlotTableTest {

  private final Scheduler scheduler = Scheduler.system();

  /// A virtual thread waits for a slot before a platform thread does. When the slot is given back,
  /// others have all carriers, and keep them until the platform thread has had it.
  @Test
  void aPlatformThreadDoesNotWaitForAVirtualOne() throws Exception {
    SlotTable table = new SlotTable(0, 1, scheduler);
    Slot only = table.acquire();
    Thread virtual = Thread.startVirtualThread(() -> table.release(table.acquire()));
    awaitThatItWaits(virtual);
    Thread platform = Thread.ofPlatform().start(() -> table.release(table.acquire()));
    awaitThatItWaits(platform);
    AtomicBoolean done = new AtomicBoolean();
    CountDownLatch spinning = new CountDownLatch(scheduler.parallelism());
    for (int i = 0; i < scheduler.parallelism(); i++) {
      Thread.startVirtualThread(
          () -> {
            spinning.countDown();
            while (!done.get()) {
              Thread.onSpinWait();
            }
          });
    }
    spinning.await();
    table.release(only);
    platform.join(5_000);
    boolean ended = !platform.isAlive();
    done.set(true);
    virtual.join();
    platform.join();
    assertTrue(ended, "the slot was kept for a thread without a carrier");
  }

  /// Four hundred virtual threads that always came back at once kept others waiting for seconds.
  @Test
  void whoComesBackDoesNotPassByWhoWaits() throws Exception {
    SlotTable table = new SlotTable(0, 1, scheduler);
    Slot only = table.acquire();
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    AtomicBoolean served = new AtomicBoolean();
    Thread waiter =
        Thread.startVirtualThread(
            () -> {
              Slot slot = table.acquire();
              served.set(true);
              table.release(slot);
            });
    awaitThatItWaits(waiter);
    Thread holder =
        Thread.startVirtualThread(
            () -> {
              table.release(only);
              kept.complete(table.tryAcquire() == null || served.get());
            });
    holder.join();
    assertTrue(kept.get(), "a slot was taken although another waits for one");
    waiter.join();
  }

  @Test
  void slotsAreMadeAsTheyAreNeeded() {
    SlotTable table = new SlotTable(0, 200, scheduler);
    Set<Integer> indices = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      assertTrue(i < table.size() || i % 64 == 0, "more were made than needed");
      Slot slot = i % 2 == 0 ? table.acquire() : table.tryAcquire();
      assertNotNull(slot);
      assertTrue(indices.add(slot.index), "one slot was given twice");
      assertSame(slot, table.get(slot.index));
    }
    assertEquals(200, table.size());
    assertNull(table.tryAcquire());
    assertNull(table.acquireAhead());
  }

  private static void awaitThatItWaits(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
  }
}
