package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.pattern;
import static dev.iobus.BusSteps.received;
import static dev.iobus.BusSteps.status;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What every bus promises of waits: batches, wake-ups, messages.
interface WaitContract extends BusHost {

  @Test
  default void wakeupEndsATimedDispatch() throws Exception {
    try (Bus bus = open(4)) {
      bus.wakeup();
      bus.wakeup();
      assertNull(bus.dispatch(Long.MAX_VALUE));
      long start = nanoTime();
      assertNull(bus.dispatch(20_000_000));
      assertTrue(nanoTime() - start >= 20_000_000);
      for (int round = 0; round < 50; round++) {
        Thread waker = Thread.ofPlatform().start(bus::wakeup);
        assertEquals(0, bus.dispatch(1, 1, Long.MAX_VALUE, bus::done));
        waker.join();
      }
      bus.wakeup();
      bus.submit(bus.nop());
      bus.done(bus.dispatch());
      assertNull(bus.dispatch(Long.MAX_VALUE), "the wake-up was kept");
    }
  }

  @Test
  default void aWholeBatchIsPassedAtOnce() throws IOException {
    try (Bus bus = open(8)) {
      long start = nanoTime();
      for (int round = 0; round < 3; round++) {
        bus.enqueue(bus.nop(), bus.nop(), bus.nop(), bus.nop());
        assertEquals(4, bus.dispatchMinWait(4, 8, 20 * SECOND, 30 * SECOND, bus::done));
        bus.enqueue(bus.nop(), bus.nop(), bus.nop(), bus.nop());
        assertEquals(4, bus.dispatchMinWait(4, 4, 20 * SECOND, Long.MAX_VALUE, bus::done));
      }
      assertTrue(nanoTime() - start < 10 * SECOND, "waited for more than the batch");
      assertThrows(
          IllegalArgumentException.class, () -> bus.dispatchMinWait(0, 1, 0, 0, bus::done));
      assertThrows(
          IllegalArgumentException.class, () -> bus.dispatchMinWait(2, 1, 0, 0, bus::done));
      assertThrows(
          IllegalArgumentException.class, () -> bus.dispatchMinWait(1, 1, -1, 0, bus::done));
    }
  }

  @Test
  default void afterTheLeastWaitAPartOfABatchIsEnough() throws IOException {
    try (Bus bus = open(8)) {
      long start = nanoTime();
      bus.enqueue(bus.nop(), bus.nop());
      assertEquals(2, bus.dispatchMinWait(4, 8, 20_000_000, 30 * SECOND, bus::done));
      assertTrue(nanoTime() - start >= 20_000_000, "gave up the batch too early");
      bus.enqueue(bus.nop(), bus.nop(), bus.nop());
      // Those that stay behind count for the next batch.
      assertEquals(1, bus.dispatchMinWait(1, 1, 1_000_000, 30 * SECOND, bus::done));
      assertEquals(2, bus.dispatchMinWait(4, 8, 20_000_000, 30 * SECOND, bus::done));
      bus.enqueue(bus.nop());
      assertEquals(1, bus.dispatchMinWait(4, 4, 0, 30 * SECOND, bus::done));
      assertTrue(nanoTime() - start < 20 * SECOND, "waited for what nobody sent");
    }
  }

  @Test
  default void behindTheLeastWaitTheFirstResultEndsIt() throws Exception {
    try (Bus bus = open(4)) {
      bus.submit(bus.inbox());
      long start = nanoTime();
      assertEquals(0, bus.dispatchMinWait(2, 4, 1_000_000, 20_000_000, bus::done));
      assertTrue(nanoTime() - start >= 20_000_000, "the time was not over");
      assertEquals(0, bus.dispatchMinWait(2, 4, 20_000_000, 1_000_000, bus::done));
      assertEquals(0, bus.dispatchMinWait(2, 4, 0, 0, bus::done));
      for (long timeoutNanos : new long[] {30 * SECOND, Long.MAX_VALUE}) {
        Thread poster = Thread.ofPlatform().start(() -> later(() -> bus.post(7)));
        assertEquals(1, bus.dispatchMinWait(3, 4, 1_000_000, timeoutNanos, bus::done));
        poster.join();
      }
      Thread waker = Thread.ofPlatform().start(() -> later(bus::wakeup));
      assertEquals(0, bus.dispatchMinWait(3, 4, 1_000_000, 30 * SECOND, bus::done));
      waker.join();
      assertTrue(nanoTime() - start < 20 * SECOND, "a result did not end the wait");
    }
  }

  @Test
  default void whatTakesSeveralRequestsIsOneOfABatch() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      int length = 2 * Transfer.PIECE_BYTES + 100;
      MemorySegment written = pattern(arena, length, 4);
      OpenFile file = openNew(bus, "batch");
      bus.enqueue(bus.writeFully(file, written, 0, WriteFlag.NONE), bus.nop());
      int ended = 0;
      while (ended < 2) {
        ended += bus.dispatchMinWait(2 - ended, 4, 1_000_000, 30 * SECOND, bus::done);
      }
      assertEquals(length, status(bus, file).size());
      closeFile(bus, file);
    }
  }

  /// Each on a thread of its own: what the one sends is a result of the other.
  @Test
  default void twoBussesSendEachOtherNumbers() throws Exception {
    int rounds = 200;
    try (Bus here = open(4)) {
      here.submit(here.inbox());
      SynchronousQueue<Bus> opened = new SynchronousQueue<>();
      FutureTask<Long> answers =
          new FutureTask<>(
              () -> {
                try (Bus there = open(4)) {
                  there.submit(there.inbox());
                  opened.put(there);
                  long message = 0;
                  for (int i = 0; i < rounds; i++) {
                    message = received(there);
                    here.post(message + 1);
                  }
                  return message;
                }
              });
      Thread owner = Thread.ofPlatform().start(answers);
      Bus there = requireNonNull(opened.poll(20, TimeUnit.SECONDS));
      long message = 1;
      for (int i = 0; i < rounds; i++) {
        there.post(message);
        message = received(here);
      }
      assertEquals(rounds + 1, message);
      assertEquals(rounds, answers.get(20, TimeUnit.SECONDS));
      owner.join();
      assertThrows(IllegalStateException.class, () -> there.post(1));
    }
  }

  /// Most often when the least wait of the caller is over.
  private static void later(Runnable action) {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    action.run();
  }
}
