package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.Callers.Kind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What a shared bus promises to callers on many threads, virtual ones and others.
abstract class ManyCallersContract extends OneSharedBus {

  /// A pair of requests must stay one: were another caller's request between the two, a write that
  /// fails would cut that one, and the sync would run without its write.
  @Test
  void pairsOfOthersAreNotCut() throws Exception {
    try (SharedBus small = open(options().withCapacity(5))) {
      OpenFile file =
          small.open(
              directory.resolve("file"), OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
      OpenFile reader = small.open(directory.resolve("file"));
      int rounds = rounds(50);
      Callers callers = newCallers();
      for (int i = 0; i < 8; i++) {
        int number = i;
        callers.start(
            i < 4 ? Kind.VIRTUAL : Kind.PLATFORM,
            () -> {
              MemorySegment out = memory(PAGE);
              MemorySegment in = memory(PAGE);
              long at = (long) number * PAGE;
              for (int round = 0; round < rounds; round++) {
                if (number % 2 == 0) {
                  BusException refused =
                      assertThrows(
                          BusException.class, () -> small.writeAndDataSync(reader, out, at));
                  assertEquals("write", refused.operation());
                } else {
                  out.fill((byte) (round + number));
                  small.writeAndDataSync(file, out, at);
                  assertEquals(PAGE, small.readFully(file, in, at));
                  assertEquals(-1, out.mismatch(in));
                }
              }
            });
      }
      callers.await();
      small.close(reader);
      small.close(file);
    }
  }

  @Test
  void aThousandVirtualThreadsRead() throws Exception {
    readFromMany(1000, 12, n -> Kind.VIRTUAL);
  }

  @Test
  void platformThreadsRead() throws Exception {
    readFromMany(16, 500, n -> Kind.PLATFORM);
  }

  @Test
  void bothKindsOfThreadsRead() throws Exception {
    readFromMany(40, 250, Kind::alternating);
  }

  private void readFromMany(int count, int reads, IntFunction<Kind> kinds)
      throws Exception {
    int pages = 256;
    OpenFile file = openPastTheCache(numbered("many", pages));
    Callers readers = newCallers();
    for (int i = 0; i < count; i++) {
      readers.start(
          kinds.apply(i),
          () -> {
            MemorySegment memory = memory(PAGE);
            RandomGenerator random = random();
            for (int n = rounds(reads); n > 0; n--) {
              int page = random.nextInt(pages);
              assertEquals(PAGE, bus.read(file, memory, (long) page * PAGE));
              check(memory, page);
            }
          });
    }
    readers.await();
    bus.close(file);
  }

  @Test
  void interruptsNeitherEndNorHarmAnything() throws Exception {
    int pages = 64;
    OpenFile file = openPastTheCache(numbered("interrupted", pages));
    Callers readers = newCallers();
    for (int i = 0; i < 8; i++) {
      readers.start(
          Kind.alternating(i),
          () -> {
            MemorySegment memory = memory(PAGE);
            for (int n = rounds(1000); n > 0; n--) {
              bus.read(file, memory, (long) (n % pages) * PAGE);
              check(memory, n % pages);
            }
          });
    }
    readers.interruptUntilTheyEnd();
    readers.await();
    Thread.currentThread().interrupt();
    MemorySegment memory = memory(PAGE);
    assertEquals(PAGE, bus.read(file, memory, 0));
    assertTrue(Thread.interrupted(), "the flag is kept");
    bus.close(file);
  }

  @Test
  void closeWaitsAndRefusesLaterCalls() throws Exception {
    OpenFile file = openPastTheCache(numbered("closing", 64));
    Callers readers = newCallers();
    for (int i = 0; i < 50; i++) {
      readers.startVirtual(
          () -> {
            MemorySegment memory = memory(PAGE);
            try {
              while (true) {
                bus.read(file, memory, 0);
                check(memory, 0);
              }
            } catch (IllegalStateException | CancelledException expected) {
              // The bus was closed.
            }
          });
    }
    place().pause(rounds(40) * 1_000_000L);
    closeInTime(bus);
    readers.await();
    assertThrows(IllegalStateException.class, () -> bus.list(directory));
    bus.close();
  }

  @Test
  void writesFromManyThreadsLand() throws Exception {
    OpenFile file =
        bus.open(directory.resolve("w"), OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
    Callers writers = newCallers();
    int count = 200;
    for (int i = 0; i < count; i++) {
      int page = i;
      writers.startVirtual(
          () -> {
            MemorySegment memory = memory(PAGE);
            memory.fill((byte) page);
            bus.writeFully(file, memory, (long) page * PAGE, WriteFlag.NONE);
          });
    }
    writers.await();
    bus.close(file);
    byte[] bytes = host().read(directory.resolve("w"));
    byte[] expected = new byte[count * PAGE];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (byte) (i / PAGE);
    }
    assertArrayEquals(expected, bytes);
  }

  /// Few slots, many callers of both kinds with single reads and batches, and interrupts.
  @Test
  void moreCallersThanSlotsAllGetTheirAnswers() throws Exception {
    int pages = 64;
    try (SharedBus small = open(options().withCapacity(4))) {
      OpenFile file = small.open(numbered("few", pages), OpenFlag.READ);
      Callers readers = newCallers();
      for (int i = 0; i < 60; i++) {
        boolean batches = i % 2 == 0;
        readers.start(
            i % 3 == 0 ? Kind.PLATFORM : Kind.VIRTUAL,
            () -> readPages(small, file, pages, rounds(100), batches));
      }
      readers.interruptUntilTheyEnd();
      readers.await();
      small.close(file);
    }
  }

  /// Reads random pages, one at a time or three together, and asks for the file's status between.
  private void readPages(
      SharedBus bus, OpenFile file, int pages, int rounds, boolean batches) throws IOException {
    MemorySegment memory = memory(3 * PAGE);
    IoBatch batch = bus.newBatch(3);
    RandomGenerator random = random();
    for (int n = 0; n < rounds; n++) {
      int page = random.nextInt(pages - 2);
      if (batches) {
        for (int i = 0; i < 3; i++) {
          batch.read(file, memory.asSlice((long) i * PAGE, PAGE), (long) (page + i) * PAGE);
        }
        batch.await();
        for (int i = 0; i < 3; i++) {
          assertEquals(PAGE, batch.result(i));
          check(memory.asSlice((long) i * PAGE, PAGE), page + i);
        }
        batch.clear();
      } else {
        assertEquals(PAGE, bus.read(file, memory.asSlice(0, PAGE), (long) page * PAGE));
        check(memory, page);
        assertEquals((long) pages * PAGE, bus.stat(file).size());
      }
    }
  }

  @Test
  void closesInTheMiddleOfManyCallsEndThemAll() throws Exception {
    int pages = 64;
    Path path = numbered("middle", pages);
    for (int round = 0; round < rounds(20); round++) {
      SharedBus other = open(options().withCapacity(8));
      OpenFile file = other.open(path, OpenFlag.READ);
      Callers readers = newCallers();
      for (int i = 0; i < 30; i++) {
        boolean batches = i % 2 == 0;
        readers.start(
            i % 3 == 0 ? Kind.PLATFORM : Kind.VIRTUAL,
            () -> {
              try {
                while (true) {
                  readPages(other, file, pages, 10, batches);
                }
              } catch (IllegalStateException | BusException expected) {
                // The bus was closed, or the read was cancelled for it.
              }
            });
      }
      place().pause(round * 1_000_000L);
      other.close();
      readers.await();
    }
  }

  /// Virtual threads have no time slices: one that reaps may not be scheduled for long.
  @Test
  void platformThreadsDoNotWaitForCarriers() throws Exception {
    // The NIO backend waits in locks, where a virtual thread needs a carrier to go on.
    assumeTrue(kind() == BackendKind.IO_URING, "a native wait needs no carrier");
    int pages = 64;
    OpenFile file = bus.open(numbered("carriers", pages), OpenFlag.READ);
    Callers readers = newCallers();
    for (int round = 0; round < rounds(20); round++) {
      AtomicInteger platformsLeft = new AtomicInteger(2);
      for (int i = 0; i < 20; i++) {
        readers.startVirtual(
            () -> {
              readPages(bus, file, pages, 10, false);
              while (platformsLeft.get() > 0) {
                Thread.onSpinWait(); // Keeps its carrier.
              }
            });
      }
      for (int i = 0; i < 2; i++) {
        readers.startPlatform(
            () -> {
              try {
                readPages(bus, file, pages, 50, false);
              } finally {
                platformsLeft.decrementAndGet();
              }
            });
      }
      readers.await();
    }
    bus.close(file);
  }

  /// The second of two tasks that closed a bus returned at once, with operations in flight.
  @Test
  void whoeverClosesWaitsUntilItIsClosed() throws Exception {
    Path path = numbered("two", 64);
    for (int round = 0; round < rounds(20); round++) {
      SharedBus other = open(options().withCloseDeadline(ChronoUnit.FOREVER.getDuration()));
      OpenFile file = other.open(path);
      MemorySegment freed = other.newBuffer(PAGE, Pages.NORMAL).memory();
      Callers callers = newCallers();
      for (int i = 0; i < 20; i++) {
        callers.startVirtual(
            () -> {
              try {
                while (true) {
                  readPages(other, file, 64, 10, true);
                }
              } catch (IllegalStateException | BusException expected) {
                // The bus was closed.
              }
            });
      }
      for (int i = 0; i < 3; i++) {
        callers.startPlatform(
            () -> {
              other.close();
              assertFalse(freed.scope().isAlive(), "it is not closed yet");
            });
      }
      callers.await();
    }
  }
}
