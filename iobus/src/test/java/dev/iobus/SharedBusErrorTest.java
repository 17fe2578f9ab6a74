package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.backend.HeldFile;
import dev.iobus.posix.Errno;
import dev.iobus.uring.AnsweringKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A caller of a shared bus that an [Error] struck left with its operations in flight: the bus went on,
/// memory was freed that the kernel had, and who waited to be woken by that caller waited for ever.
/// What never ends by itself here is a read of a pipe that nobody writes to or, where the bus has none,
/// a write to a file that is held. Whoever is struck has others on its own ring, so that it parks behind
/// them, and one on the other ring.
@Timeout(30)
final class SharedBusErrorTest {

  @TempDir Path directory;

  private Path pipe = Path.of("pipe");
  private @Nullable HeldFile held;

  @BeforeEach
  void makePipe() throws Exception {
    pipe = NamedPipe.make(directory.resolve("pipe"));
  }

  @AfterEach
  void letGo() {
    if (held != null) {
      held.close();
    }
  }

  private static SharedBus open(BackendKind kind, StrickenScheduler scheduler) {
    try {
      return SharedBus.open(
          BusOptions.defaults()
              .withBackend(kind)
              .withScheduler(scheduler)
              .withCapacity(16)
              .withRings(2)
              .withCloseDeadline(Duration.ofMillis(100)));
    } catch (IOException e) {
      return Assumptions.abort(kind + " is not available on this host: " + e.getMessage());
    }
  }

  private static void assertFailed(Executable call) {
    IOException failed = assertThrows(IOException.class, call);
    assertFalse(failed instanceof BusException, failed::toString);
    assertInstanceOf(OutOfMemoryError.class, failed.getCause());
  }

  /// A call that only the end of the bus ends.
  private Executable endless(SharedBus bus) throws IOException {
    MemorySegment memory = bus.newArena().allocate(8);
    if (bus.backend() == BackendKind.NIO) {
      OpenFile stuck = bus.open(directory.resolve("held"), OpenFlag.CREATE, OpenFlag.WRITE);
      held = HeldFile.hold(stuck.descriptor());
      return () -> bus.write(stuck, memory, 0, WriteFlag.NONE);
    }
    OpenFile file = bus.open(pipe, OpenFlag.READ, OpenFlag.WRITE);
    return () -> bus.read(file, memory, 0);
  }

  /// Has a caller wait on each ring, who does it in the ring and for all of that.
  private static Callers waiting(StrickenScheduler scheduler, Executable endless)
      throws InterruptedException {
    Callers callers = new Callers();
    callers.startPlatform(() -> assertFailed(endless));
    callers.startPlatform(() -> onOtherRing(scheduler, endless));
    Thread.sleep(100);
    return callers;
  }

  private static void onOtherRing(StrickenScheduler scheduler, Executable endless) {
    scheduler.numbers.set(1L);
    assertFailed(endless);
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "NIO"})
  void anErrorInACallThatWaitsEndsTheBusForAll(BackendKind kind) throws Exception {
    StrickenScheduler scheduler = new StrickenScheduler(2);
    try (SharedBus bus = open(kind, scheduler)) {
      Executable endless = endless(bus);
      Callers callers = waiting(scheduler, endless);
      scheduler.parks = Thread.currentThread();
      assertFailed(endless);
      callers.await();
      assertFailed(() -> bus.open(directory.resolve("none")));
    }
  }

  /// Who has no stack is struck again where it would tell others of that. The thread that sleeps in the
  /// ring was woken, and woke one caller, the struck one itself: the others waited for ever.
  @Test
  void whoeverReapsAfterAnErrorTellsTheOthers() throws Exception {
    StrickenScheduler scheduler = new StrickenScheduler(1);
    try (SharedBus bus = open(BackendKind.IO_URING, scheduler)) {
      Executable endless = endless(bus);
      Callers callers = new Callers();
      for (int i = 0; i < 4; i++) {
        callers.startVirtual(() -> assertFailed(endless));
      }
      callers.startVirtual(() -> onOtherRing(scheduler, endless));
      Thread.sleep(100);
      scheduler.parks = Thread.currentThread();
      scheduler.unparks = Thread.currentThread();
      assertThrows(StackOverflowError.class, endless);
      scheduler.unparks = null;
      callers.await();
      assertFailed(() -> bus.open(directory.resolve("none")));
    }
  }

  @Test
  void anErrorInABatchThatWaitsKeepsItsMemory() throws Exception {
    StrickenScheduler scheduler = new StrickenScheduler(2);
    Arena arena;
    try (SharedBus bus = open(BackendKind.IO_URING, scheduler)) {
      Callers callers = waiting(scheduler, endless(bus));
      OpenFile reader = bus.open(pipe, OpenFlag.READ, OpenFlag.WRITE);
      RegisteredBuffer buffer = bus.newBuffer(4096, Pages.NORMAL);
      arena = bus.newArena();
      IoBatch batch = bus.newBatch(2);
      batch.read(reader, arena.allocate(10), 0);
      batch.read(reader, buffer, 0, 10, 0);
      scheduler.parks = Thread.currentThread();
      assertFailed(batch::await);
      assertFailed(batch::await);
      callers.await();
      arena.close();
      assertTrue(arena.scope().isAlive());
      assertEquals(1, buffer.inFlight());
      assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
    }
    assertTrue(arena.scope().isAlive());
  }

  /// The first caller on a virtual thread that must not wait in the ring has a thread started for it. The
  /// second one would have found it started, and waited, and the close for its end.
  @Test
  void aReaperThatCannotBeStartedEndsTheBus() throws Exception {
    StrickenScheduler scheduler = new StrickenScheduler(1);
    scheduler.startsNothing = true;
    try (SharedBus bus = open(BackendKind.IO_URING, scheduler)) {
      Executable endless = endless(bus);
      Callers callers = new Callers();
      for (int i = 0; i < 2; i++) {
        callers.startVirtual(() -> assertFailed(endless));
      }
      callers.await();
    }
  }

  /// The reaper's thread ended, and who had it woken later waited for ever.
  @Test
  void aReaperThatIsStruckEndsTheBus() throws Exception {
    StrickenScheduler scheduler = new StrickenScheduler(1);
    scheduler.parksNamed = "iobus-reaper";
    try (SharedBus bus = open(BackendKind.IO_URING, scheduler)) {
      OpenFile file = bus.open(directory);
      Callers callers = new Callers();
      long limit = System.nanoTime() + 10_000_000_000L;
      callers.startVirtual(
          () ->
              assertFailed(
                  () -> {
                    while (System.nanoTime() - limit < 0) { // Some results come before a wait.
                      bus.stat(file);
                    }
                  }));
      callers.await();
      assertFailed(() -> bus.stat(file));
    }
  }

  @Test
  void anErrorWithNothingInFlightIsTheCallersOwn() throws IOException {
    RetryTest.needsNopsWithResults();
    StrickenScheduler scheduler = new StrickenScheduler(2);
    BusOptions options =
        BusOptions.defaults().withBackend(BackendKind.IO_URING).withScheduler(scheduler);
    Path path = Files.write(directory.resolve("file"), new byte[8]);
    try (AnsweringKernel kernel = AnsweringKernel.ofStats(-Errno.EAGAIN, 20);
        SharedBus bus = SharedBus.open(options, () -> kernel)) {
      OpenFile file = bus.open(path);
      scheduler.parks = Thread.currentThread();
      assertThrows(OutOfMemoryError.class, () -> bus.stat(file));
      assertEquals(8, bus.stat(file).size());
      bus.close(file);
    }
  }
}
