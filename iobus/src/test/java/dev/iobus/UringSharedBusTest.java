package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import dev.iobus.uring.RefusingWaits;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A shared bus of several rings.
final class UringSharedBusTest extends SharedBusContract {

  @BeforeAll
  static void needsIoUring() {
    try {
      SharedBus.open(BusOptions.defaults().withBackend(BackendKind.IO_URING)).close();
    } catch (java.io.IOException e) {
      Assumptions.abort("io_uring is not available: " + e.getMessage());
    }
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  SharedBus open(BusOptions options) throws IOException {
    return SharedBus.open(options.withRings(3));
  }

  /// A reaper on a virtual thread that is refused its wait must not park before the next one: here
  /// others take all carriers the moment it does, and keep them until a platform thread is done.
  @Test
  void aRefusedReaperKeepsItsCarrier(@TempDir Path temp) throws Exception {
    Assumptions.assumeTrue(
        Scheduler.system().parallelism() > 1, "a lone carrier is never held by a wait");
    AtomicBoolean done = new AtomicBoolean();
    AtomicBoolean refused = new AtomicBoolean();
    CountDownLatch spinning = new CountDownLatch(1);
    Runnable spin =
        () -> {
          spinning.countDown();
          while (!done.get()) {
            Thread.onSpinWait();
          }
        };
    UringSyscalls kernel =
        new RefusingWaits(
            Errno.EAGAIN,
            () -> {
              boolean isVirtual = Thread.currentThread().isVirtual();
              boolean first = isVirtual && refused.compareAndSet(false, true);
              for (int i = 0; first && i < Scheduler.system().parallelism(); i++) {
                Thread.startVirtualThread(spin);
              }
              return first;
            });
    BusOptions options = BusOptions.defaults().withBackend(BackendKind.IO_URING);
    try (SharedBus bus = SharedBus.open(options, () -> kernel)) {
      OpenFile file = bus.open(temp.resolve("file"), OpenFlag.CREATE, OpenFlag.WRITE);
      Callers callers = new Callers();
      callers.startVirtual(
          () -> {
            while (!refused.get()) {
              bus.truncate(file, 1);
            }
          });
      spinning.await();
      Thread platform = Thread.ofPlatform().start(() -> assertDoesNotThrow(() -> bus.stat(file)));
      platform.join(10_000);
      boolean ended = !platform.isAlive();
      done.set(true);
      platform.join();
      callers.await();
      bus.close(file);
      assertTrue(ended, "a platform thread waited for a virtual one to get a carrier");
    } finally {
      done.set(true);
    }
  }

  /// An operation waits for its submission with the number of a slot. Another file in the slot by
  /// then would be read or written instead.
  @Test
  void aSlotIsNotGivenAwayUnderACall(@TempDir Path temp) throws Exception {
    BusOptions oneSlot = BusOptions.defaults().withBackend(BackendKind.IO_URING).withFiles(1);
    try (SharedBus bus = SharedBus.open(oneSlot)) {
      OpenFile first = bus.open(temp.resolve("a"), OpenFlag.CREATE, OpenFlag.WRITE);
      OpenFile second = bus.open(temp.resolve("b"), OpenFlag.CREATE, OpenFlag.WRITE);
      RegisteredFile slot = bus.register(first);
      bus.files().use(new Slot(0, 0, MemorySegment.NULL), slot);
      bus.unregister(slot);
      assertThrows(BusException.class, () -> bus.register(second));
      assertThrows(
          IllegalStateException.class,
          () -> bus.files().use(new Slot(0, 0, MemorySegment.NULL), slot));
      assertThrows(BusException.class, () -> bus.register(second));
      bus.files().letGo(slot);
      bus.unregister(bus.register(second));
      bus.close(first);
      bus.close(second);
    }
  }

  /// A read into a registered buffer was in flight as the ring failed. The buffer counted it as
  /// ended, could be unregistered, and was freed under a kernel that might yet write to it.
  @Test
  void aBufferStaysInFlightWhenTheRingFails(@TempDir Path temp) throws Exception {
    AtomicBoolean fails = new AtomicBoolean();
    RefusingWaits kernel = new RefusingWaits(Errno.EIO, fails::get);
    // Nobody writes to it: a file's page may be there before anybody has to wait.
    Path pipe = NamedPipe.make(temp.resolve("pipe"));
    Callers callers = new Callers();
    try (SharedBus failing = SharedBus.open(quickToClose(), () -> kernel)) {
      RegisteredBuffer buffer = failing.newBuffer(4096, Pages.NORMAL);
      OpenFile file = failing.open(pipe, OpenFlag.READ, OpenFlag.WRITE);
      fails.set(true);
      callers.startVirtual(
          () -> {
            IOException failed =
                assertThrows(
                    IOException.class, () -> failing.readFully(file, buffer, 0, 4096, 0));
            assertFalse(failed instanceof BusException, failed::toString);
          });
      callers.await();
      assertEquals(1, buffer.inFlight());
      assertThrows(IllegalStateException.class, () -> failing.unregister(buffer));
    }
  }

  /// What the bus is for: many parked readers become few system calls with many reads each.
  @Test
  void aThousandReadersMakeFewSubmissions(@TempDir Path temp) throws Exception {
    int readers = 1000;
    Path path = Files.write(temp.resolve("pages"), new byte[readers * 4096]);
    OpenFile file = openPastTheCache(bus, path);
    long before = bus.stats().submissionCount();
    Callers callers = new Callers();
    for (int i = 0; i < readers; i++) {
      long offset = i * 4096L;
      callers.startVirtual(
          () -> {
            MemorySegment memory = Arena.ofAuto().allocate(4096, 4096);
            for (int n = 0; n < 4; n++) {
              assertEquals(4096, bus.read(file, memory, offset));
            }
          });
    }
    callers.await();
    BusStats stats = bus.stats();
    long submissions = stats.submissionCount() - before;
    assertEquals(4L * readers, stats.requests("read"), "the page cache answers");
    assertTrue(4L * readers / submissions >= 3, () -> submissions + " submissions");
    assertTrue(stats.meanSubmissionSize() >= 3, stats::toString);
    bus.close(file);
  }

  /// A lone operation never changes threads.
  @Test
  void aLonePlatformThreadNeedsNoReaper(@TempDir Path temp) throws Exception {
    Path path = Files.write(temp.resolve("pages"), new byte[8192]);
    OpenFile file = openPastTheCache(bus, path);
    long before = reapers();
    IoBatch batch = bus.newBatch(2);
    MemorySegment memory = Arena.ofAuto().allocate(8192, 4096);
    for (int i = 0; i < 100; i++) {
      batch.read(file, memory.asSlice(0, 4096), 0);
      batch.read(file, memory.asSlice(4096), 4096);
      batch.await();
      assertEquals(4096, batch.result(1));
      batch.clear();
      bus.stat(file);
    }
    assertEquals(200, bus.stats().requests("read"));
    assertEquals(before, reapers());
    bus.close(file);
  }

  private static long reapers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("iobus-reaper"))
        .count();
  }

  private static BusOptions quickToClose() {
    return BusOptions.defaults()
        .withBackend(BackendKind.IO_URING)
        .withCapacity(8)
        .withCloseDeadline(Duration.ofMillis(100));
  }
}
