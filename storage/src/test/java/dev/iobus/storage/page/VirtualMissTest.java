package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// More virtual threads than there are carriers miss at the same time: they park, and the carriers go
/// on with others.
@Timeout(60)
final class VirtualMissTest {

  private static final int PAGE = PageCache.PAGE_BYTES;

  @TempDir Path temp;

  private final SharedBus bus = TestBus.open(BackendKind.IO_URING);
  private final int callers = 8 + 4 * bus.scheduler().parallelism();
  private final AtomicInteger pinned = new AtomicInteger();
  private final List<AutoCloseable> open = new ArrayList<>(List.of(bus));
  private Path directory = Path.of("");

  @BeforeEach
  void nameDirectory() {
    directory = temp.resolve("data");
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable resource : open.reversed()) {
      resource.close();
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.add(resource);
    return resource;
  }

  /// Any page, as it is.
  private record AnyPage(CountDownLatch released) implements BlockDecoder {
    @Override
    public int verify(MemorySegment stored, long offset) {
      try {
        assertTrue(released.await(30, TimeUnit.SECONDS), "nobody released the load");
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return (int) stored.byteSize();
    }

    @Override
    public void decode(MemorySegment stored, long offset, MemorySegment frame) {
      frame.copyFrom(stored);
    }
  }

  private PageCache cache() throws IOException {
    return keep(
        PageCache.open(
            bus,
            new MemoryBudget(16 << 20),
            PageCacheOptions.defaults().withIoBufferBytes(1 << 20).withReaders(1)));
  }

  private void pin(PageCache cache, BlockFile file, int block) {
    try (PinnedBlock page = cache.pin(file, (long) block * PAGE, 1)) {
      assertEquals(PAGE, page.length());
      pinned.incrementAndGet();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Starts the virtual threads, each of which pins a block of its own.
  private List<Thread> missEachAnother(PageCache cache, BlockFile file) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      int block = i;
      threads.add(Thread.ofVirtual().start(() -> pin(cache, file, block)));
    }
    return threads;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 20_000 && !condition.getAsBoolean(); i++) {
      Thread.sleep(1);
    }
    assertTrue(condition.getAsBoolean(), "nothing happened for 20 s");
  }

  /// A virtual thread that is started now runs to its end.
  private static void requireFreeCarrier() throws InterruptedException {
    Thread other = Thread.ofVirtual().start(Thread::yield);
    assertTrue(other.join(Duration.ofSeconds(10)), "no carrier is free for another virtual thread");
  }

  private static void joinAll(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      assertTrue(thread.join(Duration.ofSeconds(20)), "a miss does not end");
    }
  }

  /// The device is a pipe, which answers when this test writes to it.
  @Test
  void missesThatWaitForTheDeviceHoldNoCarrier() throws Exception {
    DataDirectory data = keep(DataDirectory.open(bus, directory));
    Path pipe = directory.resolve("pipe");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    Assumptions.assumeTrue(mkfifo.waitFor() == 0, "no mkfifo on this host");
    DataFile device = keep(data.open("pipe", false, OpenFlag.WRITE));
    PageCache cache = cache();
    BlockFile file = keep(cache.attach(device, 1, new AnyPage(new CountDownLatch(0))));
    long before = requests();
    List<Thread> threads = missEachAnother(cache, file);
    await(() -> requests() == before + callers);
    requireFreeCarrier();
    assertEquals(0, pinned.get());
    Files.write(pipe, new byte[callers * PAGE], StandardOpenOption.WRITE);
    joinAll(threads);
    assertEquals(callers, pinned.get());
    assertEquals(callers, cache.stats().misses());
  }

  private long requests() {
    return bus.stats().requests().getOrDefault("read", 0L);
  }

  /// A read in a call of the thread's own is quick here and holds the carrier all the same.
  @Test
  void missesOfVirtualThreadsGoThroughTheRing() throws Exception {
    DataDirectory data = keep(DataDirectory.open(bus, directory));
    Files.write(directory.resolve("file"), new byte[callers * PAGE]);
    DataFile device = keep(data.open("file", true, OpenFlag.READ));
    Assumptions.assumeTrue(device.isDirect(), "no direct transfers on this file system");
    PageCache cache = cache();
    BlockFile file = keep(cache.attach(device, 1, new AnyPage(new CountDownLatch(0))));
    long before = requests();
    List<Thread> threads = missEachAnother(cache, file);
    joinAll(threads);
    assertEquals(callers, pinned.get());
    assertEquals(before + callers, requests());
  }

  /// One thread loads the block; the others have joined its load.
  @Test
  void missesThatWaitForAnotherCallersReadHoldNoCarrier() throws Exception {
    DataDirectory data = keep(DataDirectory.open(bus, directory));
    Files.write(directory.resolve("file"), new byte[PAGE]);
    DataFile device = keep(data.open("file", false, OpenFlag.READ));
    PageCache cache = cache();
    CountDownLatch released = new CountDownLatch(1);
    BlockFile file = keep(cache.attach(device, 1, new AnyPage(released)));
    List<Thread> threads = new ArrayList<>();
    threads.add(Thread.ofPlatform().start(() -> pin(cache, file, 0)));
    await(() -> cache.stats().misses() == 1);
    for (int i = 1; i < callers; i++) {
      threads.add(Thread.ofVirtual().start(() -> pin(cache, file, 0)));
    }
    await(() -> cache.stats().sharedMisses() == callers - 1);
    requireFreeCarrier();
    assertEquals(0, pinned.get());
    released.countDown();
    joinAll(threads);
    assertEquals(callers, pinned.get());
    assertEquals(1, cache.stats().misses());
  }
}
