package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertTrue;

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
    SlotTable table = new SlotTable(1, scheduler);
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

  private static void awaitThatItWaits(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
  }
}
