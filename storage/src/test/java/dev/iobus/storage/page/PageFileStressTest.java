package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Writers, readers, flushes and evictions of the same pages race: no change is lost, no page is
/// seen in part, and none goes back.
@Timeout(120)
class PageFileStressTest {

  private static final long FILE_ID = 3;
  private static final int PAGES = 320;
  private static final int CHANGES = 4_000;

  @TempDir Path temp;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void noChangeIsLost(BackendKind kind) throws Exception {
    MemoryBudget budget = new MemoryBudget((128 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    PageCacheOptions options =
        PageCacheOptions.defaults().withIoBufferBytes(128 << 10).withReaders(2);
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, temp.resolve("data"));
        DataFile data = directory.create("pages", true);
        PageCache cache = PageCache.open(bus, budget, options)) {
      AtomicLong tail = new AtomicLong();
      AtomicLong durable = new AtomicLong();
      TestPages codec = new TestPages(FILE_ID, data.path());
      PageFile file =
          cache.attachPages(
              data,
              FILE_ID,
              codec,
              lsn -> durable.accumulateAndGet(lsn, Math::max));
      for (int page = 0; page < PAGES; page++) {
        file.create(page * 4096L, 1, TestPages.LENGTH).commit(0, 1);
      }
      AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        threads.add(start(i, failure, () -> change(file, tail, CHANGES / 4)));
        threads.add(start(i + 1, failure, () -> read(cache, file, CHANGES)));
      }
      threads.add(
          start(
              1,
              failure,
              () -> {
                for (int i = 0; i < 20; i++) {
                  file.flush();
                }
              }));
      for (Thread thread : threads) {
        thread.join();
      }
      if (failure.get() != null) {
        throw new AssertionError(failure.get());
      }
      assertTrue(cache.stats().evictions() > 100, cache.stats().toString());
      file.close();
      long sum = 0;
      for (int page = 0; page < PAGES; page++) {
        sum += TestPages.stored(data, FILE_ID, page * 4096L);
      }
      assertEquals(CHANGES, sum);
      assertTrue(durable.get() <= Math.max(1, tail.get()), durable + " of " + tail);
    }
    assertEquals(0, budget.reserved());
  }

  private interface Body {
    void run() throws Exception;
  }

  private static Thread start(int i, AtomicReference<@Nullable Throwable> failure, Body body) {
    Runnable guarded =
        () -> {
          try {
            body.run();
          } catch (Throwable e) {
            failure.compareAndSet(null, e);
          }
        };
    return i % 2 == 0 ? Thread.ofVirtual().start(guarded) : Thread.ofPlatform().start(guarded);
  }

  /// Each change adds one to the number of a page.
  private static void change(PageFile file, AtomicLong tail, int count) throws Exception {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int i = 0; i < count; i++) {
      long page = random.nextInt(1 + random.nextInt(PAGES));
      try (PageEdit edit = file.edit(page * 4096, 1)) {
        TestPages.fill(edit.segment(), TestPages.number(edit.segment()) + 1);
        long lsn = tail.getAndIncrement();
        edit.commit(lsn, lsn + 1);
      }
    }
  }

  private static void read(PageCache cache, PageFile file, int count) throws Exception {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long[] seen = new long[PAGES];
    for (int i = 0; i < count; i++) {
      int page = random.nextInt(1 + random.nextInt(PAGES));
      if (random.nextInt(10) == 0) {
        cache.prefetch(file.blocks(), page * 4096L, 1);
      }
      try (PinnedBlock pinned = cache.pin(file.blocks(), page * 4096L, 1)) {
        long number = TestPages.number(pinned.segment());
        assertTrue(number >= seen[page], "page " + page + " went back from " + seen[page]);
        seen[page] = number;
        assertEquals(number, TestPages.number(pinned.segment()));
      }
    }
  }
}
