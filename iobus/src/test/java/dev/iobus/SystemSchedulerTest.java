package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class SystemSchedulerTest {

  private final Scheduler scheduler = Scheduler.system();

  @Test
  void aStartedTaskIsItsOwnCurrentTask() throws InterruptedException {
    AtomicReference<Scheduler.Task> seen = new AtomicReference<>();
    Scheduler.Task task = scheduler.start("named", () -> seen.set(scheduler.currentTask()));
    while (seen.get() == null) {
      Thread.sleep(1);
    }
    assertSame(task, seen.get());
    assertEquals("named", task.name());
    assertFalse(task.isVirtual());
  }

  @Test
  void tasksThatLiveHaveNumbersOfTheirOwn() throws InterruptedException {
    long own = scheduler.currentTask().number();
    AtomicLong others = new AtomicLong(own);
    for (boolean virtual : new boolean[] {false, true}) {
      Thread.Builder builder = virtual ? Thread.ofVirtual() : Thread.ofPlatform();
      builder.start(() -> others.set(scheduler.currentTask().number())).join();
      assertNotEquals(own, others.get());
    }
    assertEquals(own, scheduler.currentTask().number());
  }

  @Test
  void anUnparkBeforeTheParkIsKept() {
    scheduler.unpark(scheduler.currentTask());
    scheduler.park(Long.MAX_VALUE);
  }

  /// The thread may have been unparked late, for something that it did in an earlier test.
  private void dropPermit() {
    scheduler.park(System.nanoTime());
  }

  @Test
  void aParkEndsAtItsDeadline() {
    dropPermit();
    long before = System.nanoTime();
    scheduler.park(before + 20_000_000);
    assertTrue(System.nanoTime() - before >= 20_000_000);
  }

  @Test
  void anInterruptDoesNotEndAParkAndIsKept() {
    dropPermit();
    Thread.currentThread().interrupt();
    long before = System.nanoTime();
    scheduler.park(before + 30_000_000);
    assertTrue(System.nanoTime() - before >= 30_000_000);
    assertTrue(Thread.interrupted());
  }

  @Test
  void aConditionWaitsForItsSignalOrDeadline() {
    Scheduler.Lock lock = scheduler.newLock();
    Scheduler.Condition condition = lock.newCondition();
    boolean[] said = new boolean[1];
    scheduler.start(
        "speaker",
        () -> {
          lock.lock();
          said[0] = true;
          condition.signalAll();
          lock.unlock();
        });
    lock.lock();
    try {
      while (!said[0]) {
        condition.await();
      }
      assertFalse(condition.awaitUntil(scheduler.nanoTime() + 5_000_000));
    } finally {
      lock.unlock();
    }
    assertFalse(lock.isHeldByCurrentTask());
  }
}
