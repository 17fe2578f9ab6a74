package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A shared bus that is open during one test, with a directory, and what contracts do with it.
@Timeout(60)
abstract class OneSharedBus {

  static final int PAGE = 4096;

  @TempDir Path directory;

  SharedBus bus;

  abstract BackendKind kind();

  SharedBus open(BusOptions options) throws IOException {
    return SharedBus.open(options);
  }

  @BeforeEach
  void open() throws IOException {
    bus = open(options());
  }

  @AfterEach
  void close() {
    bus.close();
  }

  /// How often a test repeats itself that usually does so `usual` times: where the contract runs on
  /// many kernels, each has a part.
  int rounds(int usual) {
    return usual;
  }

  HostFiles host() {
    return HostFiles.REAL;
  }

  /// Where those run who call the bus beside the test.
  Callers.Place place() {
    return Callers.Place.THREADS;
  }

  final Callers newCallers() {
    return new Callers(place());
  }

  /// For the calling thread or task.
  RandomGenerator random() {
    return ThreadLocalRandom.current();
  }

  /// A close that must not wait for what never ends.
  void closeInTime(SharedBus closed) {
    assertTimeoutPreemptively(Duration.ofSeconds(10), () -> closed.close());
  }

  final BusOptions options() {
    return BusOptions.defaults().withBackend(kind()).withCapacity(64);
  }

  static MemorySegment memory(long size) {
    return Arena.ofAuto().allocate(size, PAGE);
  }

  /// A file of `pages` pages, each filled with its own number.
  final Path numbered(String name, int pages) throws IOException {
    byte[] bytes = new byte[pages * PAGE];
    MemorySegment all = MemorySegment.ofArray(bytes);
    for (int page = 0; page < pages; page++) {
      for (int i = 0; i < PAGE; i += 4) {
        all.set(ValueLayout.JAVA_INT_UNALIGNED, (long) page * PAGE + i, page);
      }
    }
    Path path = directory.resolve(name);
    host().write(path, bytes);
    return path;
  }

  static void check(MemorySegment memory, int page) {
    for (int i = 0; i < PAGE; i += 4) {
      assertEquals(page, memory.get(ValueLayout.JAVA_INT_UNALIGNED, i));
    }
  }

  /// Direct where the file system can, as cached bytes do not come by the ring.
  final OpenFile openPastTheCache(Path path) throws IOException {
    return openPastTheCache(bus, path);
  }

  static OpenFile openPastTheCache(SharedBus bus, Path path) throws IOException {
    try {
      return bus.open(path, OpenFlag.READ, OpenFlag.DIRECT);
    } catch (BusException refused) {
      return bus.open(path, OpenFlag.READ);
    }
  }

  final OpenFile openDirect(Path path) throws IOException {
    OpenFile file = openPastTheCache(path);
    assumeDirect(file);
    return file;
  }

  static void assumeDirect(OpenFile file) {
    Assumptions.assumeTrue(file.isDirect(), "cached bytes do not come by a ring");
  }

  /// Callers of which each ring has some, as their threads have numbers that are nearly in a row. Each
  /// reads a page of a registered file into registered memory.
  static void readOnEachRing(SharedBus bus, RegisteredFile file, RegisteredBuffer buffer)
      throws InterruptedException {
    Callers callers = new Callers();
    for (int i = 0; i < 12; i++) {
      int page = i;
      callers.startVirtual(
          () -> {
            long at = (long) page * PAGE;
            assertEquals(PAGE, bus.readFully(file, buffer, at, PAGE, at));
            check(buffer.memory().asSlice(at, PAGE), page);
          });
    }
    callers.await();
  }
}
