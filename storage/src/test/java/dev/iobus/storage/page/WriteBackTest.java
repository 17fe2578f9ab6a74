package dev.iobus.storage.page;

import static dev.iobus.storage.page.PageBed.FILE_ID;
import static dev.iobus.storage.page.PageBed.OPTIONS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How changed pages come to be in their file: in which order, never ahead of the log, and what a
/// failure leaves.
class WriteBackTest {

  private static final long NONE = Long.MAX_VALUE;

  @TempDir Path temp;

  private CacheHarness harness;

  @BeforeEach
  void open() throws IOException {
    harness = new CacheHarness(temp);
  }

  @AfterEach
  void closeAll() throws IOException {
    harness.close();
  }

  @Test
  void aFlushMakesTheLogNeedless() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    assertEquals(NONE, bed.file().neededFromLsn());
    for (int page = 0; page < 200; page++) {
      bed.put(page, page, 1000 - page);
    }
    assertEquals(801, bed.file().neededFromLsn());
    assertEquals(-1, bed.stored(0));
    bed.file().flush();
    assertEquals(NONE, bed.file().neededFromLsn());
    assertEquals(0, bed.file().dirtyPages());
    assertEquals(0, bed.cache().stats().dirtyBytes());
    assertEquals(200, bed.cache().stats().writes());
    for (int page = 0; page < 200; page++) {
      assertEquals(page, bed.stored(page));
    }
    bed.file().close();
    bed.file().close();
    assertThrows(IllegalStateException.class, () -> bed.file().edit(0, 1));
  }

  /// While the log is not durable, the file keeps what it had; and what is encoded was waited for.
  @Test
  void nothingIsWrittenAheadOfTheLog() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(0, 1, 10);
    bed.file().flush();
    assertEquals(11, bed.log().durable);
    bed.put(0, 2, 50);
    bed.put(1, 3, 40);
    bed.log().gate = new CountDownLatch(1);
    int before = bed.log().calls.get();
    AtomicInteger encoded = new AtomicInteger();
    bed.codec().beforeEncode.set(
        () -> {
          assertEquals(51, bed.log().durable);
          encoded.incrementAndGet();
        });
    TestThread flusher = TestThread.startVirtual(bed.file()::flush);
    while (bed.log().calls.get() == before) {
      Thread.sleep(1);
    }
    assertEquals(1, bed.stored(0));
    assertEquals(-1, bed.stored(1));
    assertEquals(0, encoded.get());
    bed.log().gate.countDown();
    flusher.join();
    assertEquals(2, encoded.get());
    assertEquals(2, bed.stored(0));
    assertEquals(3, bed.stored(1));
  }

  @Test
  void aFailedLogLeavesPagesDirty() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(3, 7, 10);
    IOException failed = new IOException("the log failed");
    bed.log().failure.set(failed);
    for (int i = 0; i < 2; i++) {
      assertSame(failed, assertThrows(IOException.class, bed.file()::flush));
      assertEquals(1, bed.file().dirtyPages());
      assertEquals(10, bed.file().neededFromLsn());
      assertEquals(-1, bed.stored(3));
    }
    assertSame(failed, assertThrows(IOException.class, bed.file()::close));
    bed.put(3, 8, 20);
    bed.log().failure.set(null);
    bed.file().close();
    assertEquals(8, bed.stored(3));
  }

  @Test
  void aFailedWriteLeavesPagesDirty() throws Exception {
    DataDirectory directory = harness.directory();
    directory.create("pages", false).close();
    DataFile data = harness.keep(directory.open("pages", false, OpenFlag.READ));
    PageBed bed = PageBed.open(harness, data, 2 << 20);
    bed.put(0, 1, 10);
    bed.put(9, 1, 11);
    BusException e = assertThrows(BusException.class, bed.file()::flush);
    assertTrue(e.toString().contains("pages"), e.toString());
    assertEquals(2, bed.file().dirtyPages());
    assertEquals(10, bed.file().neededFromLsn());
    assertEquals(1, bed.get(0));
    assertThrows(BusException.class, bed.file()::close);
    bed.file().discard();
    assertEquals(0, bed.cache().stats().dirtyBytes());
    assertEquals(0, bed.cache().stats().writes());
  }

  /// A kernel that could not write what a sync asked for may forget it, and call the next sync a
  /// success. So the first failure is the last word: no flush says "durable" after it, and the log
  /// stays needed from where it was.
  @Test
  void aFailedSyncIsFinal() throws Exception {
    for (int seed = 1; seed <= 5; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/sim"));
      Faults faults = new Faults();
      faults.error("EIO", SimOperation.DATA_SYNC).inFiles("pages").at(2);
      SimScheduler scheduler = new SimScheduler(seed, disk, faults);
      assertTrue(scheduler.run(() -> failSecondSync(scheduler)), "seed " + seed);
    }
  }

  private static void failSecondSync(SimScheduler scheduler) throws Exception {
    try (SharedBus simulated = SharedBus.open(BusOptions.defaults().withScheduler(scheduler));
        DataDirectory directory = DataDirectory.open(simulated, Path.of("/sim/data"));
        DataFile data = directory.create("pages", false);
        PageCache cache =
            PageCache.open(
                simulated,
                new MemoryBudget((256 << 10) + (1 << 20) + (64 << 10) + (2 << 20)),
                OPTIONS)) {
      TestPages codec = new TestPages(FILE_ID, data.path());
      PageFile file = cache.attachPages(data, FILE_ID, codec, lsn -> {});
      PageBed bed = new PageBed(cache, data, codec, new TestLog(), file);
      bed.put(0, 1, 10);
      file.flush();
      assertEquals(NONE, file.neededFromLsn());
      bed.put(0, 2, 20);
      bed.put(5, 2, 30);
      BusException first = assertThrows(BusException.class, file::flush);
      assertEquals("EIO", first.errnoName());
      for (int again = 0; again < 3; again++) {
        assertSame(first, assertThrows(IOException.class, file::flush).getCause());
        assertEquals(20, file.neededFromLsn());
        bed.put(7 + again, 3, 40);
      }
      assertEquals(2, bed.get(0));
      assertSame(first, assertThrows(IOException.class, file::close).getCause());
      file.discard();
      PageFile again = cache.attachPages(data, FILE_ID, codec, lsn -> {});
      assertSame(
          first,
          assertThrows(IOException.class, () -> cache.pin(again.blocks(), 0, 1)).getCause(),
          "bytes are read that the kernel may have forgotten");
      again.discard();
    }
  }

  /// A version that is committed while the one before is being written waits for the next write.
  @Test
  void aPageThatChangesWhileItIsWrittenStaysDirty() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(0, 1, 10);
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    bed.codec().beforeEncode.set(
        () -> {
          writing.countDown();
          TestThread.await(changed);
        });
    TestThread flusher = TestThread.startPlatform(bed.file()::flush);
    TestThread.await(writing);
    bed.put(0, 2, 30);
    bed.put(0, 3, 40);
    assertEquals(10, bed.file().neededFromLsn());
    assertEquals(3, bed.get(0));
    changed.countDown();
    flusher.join();
    assertEquals(1, bed.stored(0));
    assertEquals(1, bed.file().dirtyPages());
    assertEquals(30, bed.file().neededFromLsn());
    assertEquals(4096, bed.cache().stats().loadedBytes());
    bed.file().flush();
    assertEquals(3, bed.stored(0));
    assertEquals(NONE, bed.file().neededFromLsn());
  }

  @Test
  void manyChangesInASmallCacheAreWrittenOnTheWay() throws Exception {
    PageBed bed = PageBed.open(harness, 1 << 20);
    for (int round = 0; round < 3; round++) {
      for (int page = 0; page < 1000; page++) {
        int number = round * 1000 + page;
        if (round == 0) {
          bed.put(page, number, number);
        } else {
          try (PageEdit edit = bed.file().edit(page * 4096L, 1)) {
            assertEquals(number - 1000, TestPages.number(edit.segment()));
            TestPages.fill(edit.segment(), number);
            edit.commit(number, number + 1);
          }
        }
        assertTrue(bed.file().dirtyPages() <= 140, bed.file().dirtyPages() + " dirty pages");
      }
    }
    for (int page = 0; page < 1000; page++) {
      assertEquals(2000 + page, bed.get(page));
    }
    assertTrue(bed.file().neededFromLsn() <= 2999);
    bed.file().close();
    assertEquals(0, bed.cache().stats().dirtyBytes());
  }

  /// Those pages are written first that have waited for longest.
  @Test
  void pagesAreWrittenInTheOrderInWhichTheyBecameDirty() throws Exception {
    PageBed bed = PageBed.open(harness, 1 << 20);
    List<Integer> order = new ArrayList<>();
    while (bed.file().dirtyPages() == order.size()) {
      int page = order.size() * 37 % 199;
      bed.put(page, page, 10);
      order.add(page);
      // A page that changes again has still waited since its first change.
      bed.put(order.getFirst(), page, 10);
    }
    int written = order.size() - bed.file().dirtyPages();
    assertEquals(63, written, "one of 64 has become dirty again");
    for (int i = 0; i < order.size(); i++) {
      assertEquals(i < 64, bed.stored(order.get(i)) >= 0, "page " + i + " of the order");
    }
  }

  /// One file had left half of the frames dirty and rested. Each change of another wrote, and waited
  /// for the log, from then on, and when it had nothing to write any more it got no frame, though the
  /// first one's pages could have been written.
  @Test
  void pagesOfAFileThatRestsAreWrittenForAnother() throws Exception {
    PageBed bed = PageBed.open(harness, 1 << 20);
    for (int page = 0; page < 130; page++) {
      bed.put(page, page, 10);
    }
    assertEquals(130, bed.file().dirtyPages());
    DataFile data = bed.data();
    DataFile second = harness.keep(harness.directory().create("others", false));
    TestLog log = new TestLog();
    TestPages codec = new TestPages(FILE_ID + 1, second.path());
    PageFile other = bed.cache().attachPages(second, FILE_ID + 1, codec, log);
    harness.keep(other::discard);
    for (int page = 0; page < 200; page++) {
      try (PageEdit edit = other.create(page * 4096L, 1, TestPages.LENGTH)) {
        TestPages.fill(edit.segment(), page);
        edit.commit(10, 11);
      }
    }
    assertEquals(0, bed.file().dirtyPages(), "those that had waited for longest");
    assertEquals(100, TestPages.stored(data, FILE_ID, 100 * 4096));
    assertTrue(log.calls.get() <= 2, log.calls + " waits for the log");
  }

  /// What the one file's log does not let be written is in nobody else's way.
  @Test
  void aFileWhoseLogFailedDoesNotStopAnother() throws Exception {
    PageBed bed = PageBed.open(harness, 1 << 20);
    bed.log().failure.set(new IOException("planned by a test"));
    int dirty = 0;
    while (bed.file().dirtyPages() == dirty && dirty < 200) {
      int page = dirty++;
      try {
        bed.put(page, page, 10);
      } catch (IOException e) {
        break;
      }
    }
    int left = bed.file().dirtyPages();
    assertTrue(left > 100, left + " pages are dirty");
    DataFile second = harness.keep(harness.directory().create("others", false));
    PageFile other =
        bed.cache().attachPages(
            second, FILE_ID + 1, new TestPages(FILE_ID + 1, second.path()), lsn -> {});
    harness.keep(other::discard);
    for (int page = 0; page < 200; page++) {
      try (PageEdit edit = other.create(page * 4096L, 1, TestPages.LENGTH)) {
        TestPages.fill(edit.segment(), page);
        edit.commit(10, 11);
      }
    }
    assertEquals(left, bed.file().dirtyPages());
  }
}
