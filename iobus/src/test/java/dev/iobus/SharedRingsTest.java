package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import dev.iobus.uring.AnsweringKernel;
import dev.iobus.uring.RefusingKernel;
import dev.iobus.uring.RefusingRegister;
import dev.iobus.uring.RefusingWaits;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// What the rings of one shared bus have in common.
final class SharedRingsTest extends OneSharedBus {

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  SharedBus open(BusOptions options) throws IOException {
    return SharedBus.open(options.withRings(3));
  }

  /// A kernel for each ring that is opened.
  private static Supplier<UringSyscalls> kernels(UringSyscalls... ofRings) {
    Iterator<UringSyscalls> next = List.of(ofRings).iterator();
    return next::next;
  }

  private static UringSyscalls kernel() {
    return UringSyscalls.kernel();
  }

  @Test
  void filesAndMemoryAreKnownToAllRings() throws Exception {
    OpenFile file = openDirect(numbered("pages", 12));
    // The rings differ in what they have: a slot and an index mean something else on each.
    bus.sharedRings().all().get(1).backend.registerFile(bus.open(directory).descriptor());
    bus.sharedRings().all().get(2).backend.registerBuffer(memory(PAGE));
    RegisteredBuffer buffer = bus.register(memory(12 * PAGE));
    RegisteredFile registered = bus.register(file);
    assertTrue(buffer.isRegistered());
    assertFalse(registered.slots()[0] == registered.slots()[1]);
    assertFalse(buffer.indices()[0] == buffer.indices()[2]);
    readOnEachRing(bus, registered, buffer);
    for (SharedRing ring : bus.sharedRings().all()) {
      assertTrue(ring.counts.requests().getOrDefault("read", 0L) > 0, "a ring has read nothing");
    }
    bus.unregister(registered);
    bus.unregister(buffer);
    bus.close(file);
  }

  @Test
  void theCapacityIsSharedOut() throws IOException {
    for (int capacity = 3; capacity < 12; capacity++) {
      try (SharedBus other = open(options().withCapacity(capacity))) {
        assertEquals(capacity, other.capacity());
        assertEquals(capacity / 3, other.sharedRings().capacityOfEach());
      }
    }
    try (SharedBus other = open(options().withCapacity(2))) {
      assertEquals(2, other.rings());
    }
  }

  @Test
  void unaskedThereIsOneForEachCarrierThatHasUseForIt() throws IOException {
    int carriers = Scheduler.system().parallelism();
    assertEquals(1, unasked(63));
    assertEquals(Math.min(carriers, 2), unasked(64));
    assertEquals(Math.min(carriers, 4), unasked(16_384));
  }

  private int unasked(int capacity) throws IOException {
    try (SharedBus other = SharedBus.open(options().withCapacity(capacity))) {
      return other.rings();
    }
  }

  @Test
  void whatTheyHaveDoneIsAddedUp() throws Exception {
    OpenFile file = openDirect(numbered("pages", 12));
    BusStats before = bus.stats();
    readOnEachRing(bus, bus.register(file), bus.register(memory(12 * PAGE)));
    BusStats after = bus.stats();
    assertEquals(12, after.requests("read") - before.requests("read"));
    long submissions = 0;
    for (SharedRing ring : bus.sharedRings().all()) {
      submissions += ring.counts.submissionSizes().stream().mapToLong(Long::longValue).sum();
    }
    assertEquals(submissions, after.submissionCount());
    assertTrue(after.submitting().calls() + after.waiting().calls() >= submissions - 12);
    bus.close(file);
  }

  /// A ring less is slower, and no reason to refuse the bus.
  @Test
  void aRingThatTheHostRefusesUnaskedIsToldOf() throws IOException {
    Supplier<UringSyscalls> secondRefused =
        kernels(kernel(), new RefusingKernel(Errno.ENOMEM));
    BusOptions unasked = options().withScheduler(new StrickenScheduler(2));
    try (SharedBus one = SharedBus.open(unasked, secondRefused)) {
      assertEquals(1, one.rings());
      assertEquals(64, one.capacity());
      List<String> told =
          one.fallbacks().stream().filter(line -> line.contains("1 of 2 rings")).toList();
      assertEquals(1, told.size(), one.fallbacks()::toString);
      assertTrue(told.getFirst().contains("ENOMEM"), told::toString);
      one.unlink(numbered("file", 1));
    }
  }

  @Test
  void aRingThatWasAskedForAndIsRefusedIsAnError() {
    Supplier<UringSyscalls> thirdRefused =
        kernels(kernel(), kernel(), new RefusingKernel(Errno.EMFILE));
    IOException refused =
        assertThrows(
            IOException.class, () -> SharedBus.open(options().withRings(4), thirdRefused));
    assertTrue(String.valueOf(refused.getMessage()).contains("2 of 4 rings"), refused::toString);
    assertTrue(String.valueOf(refused.getMessage()).contains("EMFILE"), refused::toString);
  }

  /// Half of the reads would take the memory for registered, the others fail.
  @Test
  void memoryIsKnownToAllRingsOrNone() throws IOException {
    AtomicBoolean refuses = new AtomicBoolean(true);
    Supplier<UringSyscalls> last =
        kernels(
            kernel(),
            kernel(),
            new RefusingRegister(
                RefusingRegister.BUFFER, Errno.ENOMEM, refuses::get));
    try (SharedBus three = SharedBus.open(options().withRings(3), last)) {
      // More often than there are places: each refusal gives those on the other rings back.
      for (int i = 0; i < 100; i++) {
        RegisteredBuffer plain = three.register(memory(PAGE));
        assertFalse(plain.isRegistered());
        assertTrue(String.valueOf(plain.refusal()).contains("ENOMEM"), plain::refusal);
        three.unregister(plain);
      }
      refuses.set(false);
      RegisteredBuffer known = three.register(memory(PAGE));
      assertTrue(known.isRegistered());
      assertNull(known.refusal());
    }
  }

  @Test
  void aFileIsKnownToAllRingsOrNone() throws IOException {
    AtomicBoolean refuses = new AtomicBoolean(false);
    Supplier<UringSyscalls> last =
        kernels(
            kernel(),
            kernel(),
            new RefusingRegister(RefusingRegister.FILE, Errno.ENOMEM, refuses::get));
    Path path = numbered("file", 1);
    BusOptions oneSlot = options().withRings(3).withFiles(1);
    try (SharedBus three = SharedBus.open(oneSlot, last)) {
      OpenFile file = three.open(path);
      three.unregister(three.register(file)); // The tables are there.
      refuses.set(true);
      for (int i = 0; i < 2; i++) {
        BusException refused = assertThrows(BusException.class, () -> three.register(file));
        assertEquals(Errno.ENOMEM, refused.errno());
      }
      refuses.set(false);
      three.unregister(three.register(file));
      three.close(file);
    }
  }

  /// Who waits on a ring that works would never hear that the others ended with it.
  @Test
  void aRingThatFailsEndsAll() throws Exception {
    Path pipe = NamedPipe.make(directory.resolve("pipe"));
    AtomicBoolean fails = new AtomicBoolean();
    UringSyscalls failing = new RefusingWaits(Errno.EIO, fails::get);
    BusOptions options =
        options().withRings(2).withCloseDeadline(Duration.ofMillis(100));
    try (SharedBus two = SharedBus.open(options, kernels(kernel(), failing))) {
      OpenFile file = two.open(pipe, OpenFlag.READ, OpenFlag.WRITE);
      MemorySegment memory = two.newArena().allocate(8);
      Callers callers = new Callers();
      for (int i = 0; i < 100 && anyIsIdle(two); i++) {
        callers.startVirtual(() -> assertFailed(() -> two.read(file, memory, 0)));
        Thread.sleep(10);
      }
      assertFalse(anyIsIdle(two));
      fails.set(true);
      two.sharedRings().all().get(1).backend.wakeup(); // Whoever sleeps there waits anew.
      callers.await();
      assertFailed(() -> two.stat(file));
    }
  }

  /// Of a device that answers at once, as many threads as there are carriers had all reads, and the
  /// others none.
  @Test
  void whoHasItsResultsAtOnceLetsOthersRun() throws Exception {
    RetryTest.needsNopsWithResults();
    Path path = numbered("page", 1);
    AtomicBoolean done = new AtomicBoolean();
    try (AnsweringKernel kernel = AnsweringKernel.ofReads(PAGE, Integer.MAX_VALUE);
        SharedBus instant = SharedBus.open(options().withRings(2), () -> kernel)) {
      OpenFile file = openPastTheCache(instant, path);
      assumeDirect(file);
      Callers callers = new Callers();
      // All in the queue of one carrier: those that come from elsewhere have to wait until it is empty.
      callers.startVirtual(
          () -> {
            Callers readers = new Callers();
            for (int i = 0; i < 2 * Scheduler.system().parallelism(); i++) {
              readers.startVirtual(
                  () -> {
                    MemorySegment memory = memory(PAGE);
                    while (!done.get()) {
                      instant.read(file, memory, 0);
                    }
                  });
            }
            readers.startVirtual(() -> done.set(true));
            readers.await();
          });
      callers.await();
      instant.close(file);
    } finally {
      done.set(true);
    }
  }

  private static boolean anyIsIdle(SharedBus bus) {
    return bus.sharedRings().all().stream().anyMatch(ring -> ring.reaping.pending() == 0);
  }

  private static void assertFailed(Executable call) {
    IOException failed = assertThrows(IOException.class, call);
    assertFalse(failed instanceof BusException, failed::toString);
  }
}
