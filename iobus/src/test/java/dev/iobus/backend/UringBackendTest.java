package dev.iobus.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.posix.Errno;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/// How the backend of io_uring waits, is woken, is shared and closed.
@Timeout(30)
final class UringBackendTest extends UringRequests {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void wakeupEndsAWaitForAnyNumber(boolean shared) throws Exception {
    UringBackend backend = open(shared, 8);
    try {
      for (int i = 0; i < 200; i++) {
        Thread waker = Thread.ofPlatform().start(backend::wakeup);
        assertEquals(0, backend.await(1 + i % 8, 10 * SECOND, this::keep));
        waker.join();
        long start = System.nanoTime();
        backend.wakeup();
        backend.wakeup();
        assertEquals(0, backend.await(5, 10 * SECOND, this::keep));
        assertTrue(System.nanoTime() - start < 5 * SECOND);
      }
      long start = System.nanoTime();
      assertEquals(0, backend.await(1, 20_000_000, this::keep));
      assertTrue(System.nanoTime() - start >= 20_000_000, "a wake-up was left over");
    } finally {
      backend.close(false);
    }
  }

  @Test
  void wakeupOutlivesTheThreadThatOpened() throws Exception {
    UringBackend[] opened = new UringBackend[1];
    Thread opener = Thread.ofPlatform().start(() -> opened[0] = open(true, 8));
    opener.join();
    Thread.sleep(50);
    assumeTrue(opened[0] != null, "a ring cannot be opened here, as the skip of its thread said");
    UringBackend backend = opened[0];
    for (int i = 0; i < 3; i++) {
      Thread reaper =
          Thread.ofPlatform().start(() -> backend.await(1, 10 * SECOND, this::keep));
      Thread.sleep(20);
      long start = System.nanoTime();
      backend.wakeup();
      reaper.join();
      assertTrue(System.nanoTime() - start < SECOND);
    }
    backend.close(false);
    backend.wakeup();
  }

  @Test
  void aRunLongerThanTheBatchIsRefused() {
    UringBackend backend = open(false, 8);
    try {
      assertEquals(8, backend.batchMax());
      for (int i = 0; i < 8; i++) {
        assertEquals(8 - i, backend.room());
        Request link = request(Op.NOP, i);
        link.link = i < 7 ? Link.CHAIN : Link.NONE;
        backend.prepare(link);
      }
      assertThrows(IllegalStateException.class, () -> backend.prepare(request(Op.NOP, 8)));
      assertEquals(8, backend.submitAndAwait(8, SECOND, this::keep));
      assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L), order);
    } finally {
      backend.close(false);
    }
  }

  @Test
  void aSinkThatThrowsLosesOnlyItsOwnResult() {
    UringBackend backend = open(false, 8);
    try {
      for (int i = 0; i < 4; i++) {
        backend.prepare(request(Op.NOP, i));
      }
      assertEquals(0, backend.submit());
      assertThrows(
          ArithmeticException.class,
          () ->
              backend.drain(
                  (userData, result, flags) -> {
                    keep(userData, result, flags);
                    throw new ArithmeticException();
                  }));
      assertEquals(3, backend.drain(this::keep));
      assertEquals(List.of(0L, 1L, 2L, 3L), order);
    } finally {
      backend.close(false);
    }
  }

  @Test
  void twoSubmittersAndAReaperLoseNothing() throws Exception {
    int each = 50_000;
    int capacity = 64;
    UringBackend backend = open(true, capacity);
    ReentrantLock submitLock = new ReentrantLock();
    AtomicLong completed = new AtomicLong();
    AtomicLong sum = new AtomicLong();
    BlockingQueue<Integer> numbers = new LinkedBlockingQueue<>();
    for (int i = 0; i < capacity; i++) {
      numbers.add(i);
    }
    Thread reaper =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (completed.get() < 2L * each) {
                    int passed =
                        backend.await(
                            1,
                            SECOND,
                            (userData, result, flags) -> {
                              assertEquals(0, result);
                              sum.addAndGet(userData >>> 32);
                              completed.incrementAndGet();
                              numbers.add((int) userData);
                            });
                    assertTrue(passed >= 0, () -> Errno.name(-passed));
                  }
                });
    List<Thread> submitters = new ArrayList<>();
    for (int t = 0; t < 2; t++) {
      submitters.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < each; i++) {
                      int number = take(numbers);
                      submitLock.lock();
                      try {
                        backend.prepare(request(Op.NOP, (long) i << 32 | number));
                        assertEquals(0, backend.submit());
                      } finally {
                        submitLock.unlock();
                      }
                      if (i % 1000 == 0) {
                        backend.wakeup();
                      }
                    }
                  }));
    }
    for (Thread submitter : submitters) {
      submitter.join();
    }
    reaper.join();
    assertEquals((long) each * (each - 1), sum.get());
    backend.close(false);
  }

  private static int take(BlockingQueue<Integer> numbers) {
    try {
      return numbers.take();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void steadyStateAllocatesNothing() throws Exception {
    UringBackend backend = open(false, 32);
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofConfined()) {
      Path path = Files.write(directory.resolve("f"), new byte[65536]);
      int fd = openFile(backend, path, OpenBits.READ | OpenBits.WRITE);
      Request[] requests = new Request[8];
      for (int i = 0; i < 8; i++) {
        Op op = i % 2 == 0 ? Op.READ : Op.WRITE;
        requests[i] = transfer(op, i, fd, arena.allocate(512), i * 512L);
      }
      requests[7] = request(Op.FDATASYNC, 7);
      requests[7].file = fd;
      CompletionSink sink = (userData, result, flags) -> {};
      long perOperation = Long.MAX_VALUE;
      for (int round = 0; round < 40 && perOperation > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int n = 0; n < 200; n++) {
          for (Request request : requests) {
            backend.prepare(request);
          }
          int passed = backend.submitAndAwait(8, SECOND, sink);
          assert passed == 8;
        }
        perOperation = (threads.getCurrentThreadAllocatedBytes() - before) / 1600;
      }
      assertEquals(0, perOperation);
    } finally {
      backend.close(false);
    }
  }

  /// No request stands in a table that is plain, so that they are counted by the queues alone; a close
  /// that did not see them would unmap the ring and let go of memory that the kernel writes to.
  @Test
  void plainRequestsInFlightKeepTheRingOpen() {
    UringBackend backend = open(false, 8);
    for (int plain = 1; plain <= 4; plain++) {
      Request bounded = request(Op.NOP, 7);
      bounded.timeoutNanos = SECOND;
      backend.prepare(bounded); // With an entry and a completion that are no request's.
      for (int i = 0; i < plain; i++) {
        backend.prepareNop(request(Op.NOP, 0), RequestQueue.PLAIN | i);
      }
      assertRefusesToClose(backend, plain + 1);
      assertEquals(0, backend.submit());
      assertRefusesToClose(backend, plain + 1);
      backend.wakeup();
      assertEquals(plain + 1, backend.submitAndAwait(plain + 1, SECOND, this::keep));
      results.clear();
      backend.preparePlain(request(Op.NOP, 0), Op.NOP, RequestQueue.PLAIN);
      assertRefusesToClose(backend, 1);
      assertEquals(1, backend.submitAndAwait(1, SECOND, this::keep));
      results.clear();
    }
    backend.close(false);
  }

  private static void assertRefusesToClose(UringBackend backend, int inFlight) {
    String refusal =
        assertThrows(IllegalStateException.class, () -> backend.close(false)).getMessage();
    assertEquals(inFlight + " requests in flight", refusal);
  }

  @Test
  void closingLeavesNoDescriptor() throws Exception {
    open(false, 8).close(false);
    int before = descriptors();
    for (int i = 0; i < 20; i++) {
      open(i % 2 == 0, 8).close(false);
    }
    assertTrue(descriptors() <= before + 2, "descriptors leak");
  }

  private static int descriptors() throws Exception {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return (int) list.count();
    }
  }
}
