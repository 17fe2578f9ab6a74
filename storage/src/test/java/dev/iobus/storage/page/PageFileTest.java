package dev.iobus.storage.page;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pages that are changed in the cache and written back.
class PageFileTest {

  private static final long FILE_ID = 5;
  private static final long NONE = Long.MAX_VALUE;
  private static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(1);

  @TempDir Path temp;

  private final SharedBus bus = TestBus.open(BackendKind.NIO);
  private final List<AutoCloseable> open = new ArrayList<>(List.of(bus));

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

  /// A log that remembers up to where it was asked to be durable.
  private static final class TestLog implements DurableLog {
    final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    final AtomicInteger calls = new AtomicInteger();
    volatile CountDownLatch gate = new CountDownLatch(0);
    volatile long durable;

    @Override
    public void awaitDurable(long lsn) throws IOException {
      calls.incrementAndGet();
      awaitQuietly(gate);
      IOException failed = failure.get();
      if (failed != null) {
        throw failed;
      }
      durable = Math.max(durable, lsn);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertTrue(latch.await(10, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private record Bed(
      PageCache cache, DataFile data, TestPages codec, TestLog log, PageFile file) {

    void put(long page, long number, long lsn) throws IOException {
      try (PageEdit edit = file.create(page * 4096, 1, TestPages.LENGTH)) {
        TestPages.fill(edit.segment(), number);
        edit.commit(lsn, lsn + 1);
      }
    }

    long get(long page) throws IOException {
      try (PinnedBlock pinned = cache.pin(file.blocks(), page * 4096, 1)) {
        return TestPages.number(pinned.segment());
      }
    }

    long stored(long page) throws IOException {
      return TestPages.stored(data, FILE_ID, page * 4096);
    }
  }

  private Bed bed(long frameBytes) throws Exception {
    DataDirectory directory = keep(DataDirectory.open(bus, temp.resolve("data")));
    DataFile data = keep(directory.create("pages", false));
    return bed(directory, data, frameBytes);
  }

  private Bed bed(DataDirectory directory, DataFile data, long frameBytes) throws Exception {
    assertEquals(directory.path().resolve(data.name()).toString(), data.path());
    PageCache cache =
        keep(
            PageCache.open(
                bus,
                new MemoryBudget((256 << 10) + (1 << 20) + (64 << 10) + frameBytes),
                OPTIONS));
    TestPages codec = new TestPages(FILE_ID, data.path());
    TestLog log = new TestLog();
    PageFile file = cache.attachPages(data, FILE_ID, codec, log);
    open.add(file::discard);
    return new Bed(cache, data, codec, log, file);
  }

  @Test
  void whoHasPinnedAPageKeepsItsVersion() throws Exception {
    Bed bed = bed(2 << 20);
    bed.put(0, 1, 10);
    try (PinnedBlock before = bed.cache.pin(bed.file.blocks(), 0, 1);
        PageEdit edit = bed.file.edit(0, 1)) {
      assertEquals(1, TestPages.number(edit.segment()));
      TestPages.fill(edit.segment(), 2);
      assertEquals(1, bed.get(0));
      edit.commit(20, 21);
      assertEquals(2, bed.get(0));
      assertEquals(1, TestPages.number(before.segment()));
      assertThrows(IllegalStateException.class, edit::segment);
      assertThrows(IllegalStateException.class, () -> edit.commit(20, 21));
    }
    try (PageEdit abandoned = bed.file.edit(0, 1)) {
      TestPages.fill(abandoned.segment(), 3);
    }
    assertEquals(2, bed.get(0));
    assertEquals(1, bed.file.dirtyPages());
    assertEquals(4096, bed.cache.stats().dirtyBytes());
    // What a reader had pinned is left to the clock; other versions are given back at once.
    assertEquals(8192, bed.cache.stats().loadedBytes());
    bed.put(0, 3, 30);
    assertEquals(8192, bed.cache.stats().loadedBytes());
  }

  /// The reader before had missed, and so pinned in the frame's word; who hits pins in a slot.
  @Test
  void whoHasHitAPageKeepsItsVersion() throws Exception {
    Bed bed = bed(1 << 20);
    bed.put(0, 1, 10);
    bed.file.flush();
    try (PinnedBlock before = bed.cache.pin(bed.file.blocks(), 0, 1)) {
      assertEquals(1, bed.cache.stats().hits());
      bed.put(0, 2, 20);
      // As many pages as the cache has frames, so that each frame without a pin is used anew.
      for (int page = 1; page < 600; page++) {
        bed.put(page, 1_000 + page, 20 + page);
      }
      assertEquals(1, TestPages.number(before.segment()));
      assertEquals(2, bed.get(0));
    }
  }

  /// An edit of a page that its codec makes longer than any frame died of an array index.
  @Test
  void aPageLongerThanAFrameCannotBeEdited() throws Exception {
    DataDirectory directory = keep(DataDirectory.open(bus, temp.resolve("data")));
    DataFile data = keep(TestBlocks.write(directory, "pages", FILE_ID, 2, 1, 4000, 262_145));
    TestBlocks blocks = new TestBlocks(FILE_ID, data.path());
    BlockCodec codec =
        new BlockCodec() {
          @Override
          public int verify(MemorySegment stored, long offset) throws CorruptionException {
            return blocks.verify(stored, offset);
          }

          @Override
          public void decode(MemorySegment stored, long offset, MemorySegment frame) {
            blocks.decode(stored, offset, frame);
          }

          @Override
          public void encode(MemorySegment frame, long offset, MemorySegment stored) {
            throw new AssertionError("no page is written");
          }
        };
    PageCache cache = keep(PageCache.open(bus, new MemoryBudget(16 << 20), OPTIONS));
    PageFile file = cache.attachPages(data, FILE_ID, codec, new TestLog());
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> file.edit(4096, 1));
    assertTrue(refused.toString().contains("262145"), refused::toString);
    assertThrows(IllegalArgumentException.class, () -> file.create(4096, 1, 262_145));
    try (PinnedBlock block = cache.pin(file.blocks(), 4096, 1)) {
      assertEquals(262_145, block.length());
    }
    file.edit(0, 1).close();
    file.close(); // No edit is open.
  }

  @Test
  void aFlushMakesTheLogNeedless() throws Exception {
    Bed bed = bed(2 << 20);
    assertEquals(NONE, bed.file.neededFromLsn());
    for (int page = 0; page < 200; page++) {
      bed.put(page, page, 1000 - page);
    }
    assertEquals(801, bed.file.neededFromLsn());
    assertEquals(-1, bed.stored(0));
    bed.file.flush();
    assertEquals(NONE, bed.file.neededFromLsn());
    assertEquals(0, bed.file.dirtyPages());
    assertEquals(0, bed.cache.stats().dirtyBytes());
    assertEquals(200, bed.cache.stats().writes());
    for (int page = 0; page < 200; page++) {
      assertEquals(page, bed.stored(page));
    }
    bed.file.close();
    bed.file.close();
    assertThrows(IllegalStateException.class, () -> bed.file.edit(0, 1));
  }

  /// While the log is not durable, the file keeps what it had; and what is encoded was waited for.
  @Test
  void nothingIsWrittenAheadOfTheLog() throws Exception {
    Bed bed = bed(2 << 20);
    bed.put(0, 1, 10);
    bed.file.flush();
    assertEquals(11, bed.log.durable);
    bed.put(0, 2, 50);
    bed.put(1, 3, 40);
    bed.log.gate = new CountDownLatch(1);
    int before = bed.log.calls.get();
    AtomicInteger encoded = new AtomicInteger();
    bed.codec.beforeEncode.set(
        () -> {
          assertEquals(51, bed.log.durable);
          encoded.incrementAndGet();
        });
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread flusher = Thread.ofVirtual().start(() -> run(failure, bed.file::flush));
    while (bed.log.calls.get() == before) {
      Thread.sleep(1);
    }
    assertEquals(1, bed.stored(0));
    assertEquals(-1, bed.stored(1));
    assertEquals(0, encoded.get());
    bed.log.gate.countDown();
    flusher.join();
    assertNull(failure.get());
    assertEquals(2, encoded.get());
    assertEquals(2, bed.stored(0));
    assertEquals(3, bed.stored(1));
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void run(AtomicReference<@Nullable Throwable> failure, Action action) {
    try {
      action.run();
    } catch (Throwable e) {
      failure.set(e);
    }
  }

  @Test
  void aFailedLogLeavesPagesDirty() throws Exception {
    Bed bed = bed(2 << 20);
    bed.put(3, 7, 10);
    IOException failed = new IOException("the log failed");
    bed.log.failure.set(failed);
    for (int i = 0; i < 2; i++) {
      assertSame(failed, assertThrows(IOException.class, bed.file::flush));
      assertEquals(1, bed.file.dirtyPages());
      assertEquals(10, bed.file.neededFromLsn());
      assertEquals(-1, bed.stored(3));
    }
    assertSame(failed, assertThrows(IOException.class, bed.file::close));
    bed.put(3, 8, 20);
    bed.log.failure.set(null);
    bed.file.close();
    assertEquals(8, bed.stored(3));
  }

  @Test
  void aFailedWriteLeavesPagesDirty() throws Exception {
    DataDirectory directory = keep(DataDirectory.open(bus, temp.resolve("data")));
    directory.create("pages", false).close();
    Bed bed = bed(directory, keep(directory.open("pages", false, OpenFlag.READ)), 2 << 20);
    bed.put(0, 1, 10);
    bed.put(9, 1, 11);
    BusException e = assertThrows(BusException.class, bed.file::flush);
    assertTrue(e.toString().contains("pages"), e.toString());
    assertEquals(2, bed.file.dirtyPages());
    assertEquals(10, bed.file.neededFromLsn());
    assertEquals(1, bed.get(0));
    assertThrows(BusException.class, bed.file::close);
    bed.file.discard();
    assertEquals(0, bed.cache.stats().dirtyBytes());
    assertEquals(0, bed.cache.stats().writes());
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

  private void failSecondSync(SimScheduler scheduler) throws Exception {
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
      Bed bed = new Bed(cache, data, codec, new TestLog(), file);
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
    Bed bed = bed(2 << 20);
    bed.put(0, 1, 10);
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    bed.codec.beforeEncode.set(
        () -> {
          writing.countDown();
          awaitQuietly(changed);
        });
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread flusher = Thread.ofPlatform().start(() -> run(failure, bed.file::flush));
    awaitQuietly(writing);
    bed.put(0, 2, 30);
    bed.put(0, 3, 40);
    assertEquals(10, bed.file.neededFromLsn());
    assertEquals(3, bed.get(0));
    changed.countDown();
    flusher.join();
    assertNull(failure.get());
    assertEquals(1, bed.stored(0));
    assertEquals(1, bed.file.dirtyPages());
    assertEquals(30, bed.file.neededFromLsn());
    assertEquals(4096, bed.cache.stats().loadedBytes());
    bed.file.flush();
    assertEquals(3, bed.stored(0));
    assertEquals(NONE, bed.file.neededFromLsn());
  }

  /// A read of the file that began before a commit must not bring the old version back after it.
  @Test
  void aReadThatRunsDoesNotHideACommit() throws Exception {
    Bed bed = bed(2 << 20);
    bed.put(0, 1, 10);
    bed.file.close();
    PageFile again = bed.cache.attachPages(bed.data, FILE_ID, bed.codec, bed.log);
    open.add(again::discard);
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    bed.codec.beforeDecode.set(
        () -> {
          reading.countDown();
          awaitQuietly(goOn);
        });
    assertTrue(bed.cache.prefetch(again.blocks(), 0, 1));
    awaitQuietly(reading);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () ->
                    run(
                        failure,
                        () -> {
                          try (PageEdit edit = again.create(0, 1, TestPages.LENGTH)) {
                            TestPages.fill(edit.segment(), 2);
                            edit.commit(20, 21);
                          }
                        }));
    // The commit waits for the read; one that does not has ended by then.
    while (writer.isAlive() && writer.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    // Nobody may pin the new version while others would still find an old one.
    assertEquals(0, bed.cache.stats().loadedBytes());
    goOn.countDown();
    writer.join();
    assertNull(failure.get());
    for (int i = 0; i < 20; i++) {
      try (PinnedBlock pinned = bed.cache.pin(again.blocks(), 0, 1)) {
        assertEquals(2, TestPages.number(pinned.segment()));
      }
      Thread.sleep(1);
    }
  }

  @Test
  void manyChangesInASmallCacheAreWrittenOnTheWay() throws Exception {
    Bed bed = bed(1 << 20);
    for (int round = 0; round < 3; round++) {
      for (int page = 0; page < 1000; page++) {
        int number = round * 1000 + page;
        if (round == 0) {
          bed.put(page, number, number);
        } else {
          try (PageEdit edit = bed.file.edit(page * 4096L, 1)) {
            assertEquals(number - 1000, TestPages.number(edit.segment()));
            TestPages.fill(edit.segment(), number);
            edit.commit(number, number + 1);
          }
        }
        assertTrue(bed.file.dirtyPages() <= 140, bed.file.dirtyPages() + " dirty pages");
      }
    }
    for (int page = 0; page < 1000; page++) {
      assertEquals(2000 + page, bed.get(page));
    }
    assertTrue(bed.file.neededFromLsn() <= 2999);
    bed.file.close();
    assertEquals(0, bed.cache.stats().dirtyBytes());
  }

  /// Those pages are written first that have waited for longest.
  @Test
  void pagesAreWrittenInTheOrderInWhichTheyBecameDirty() throws Exception {
    Bed bed = bed(1 << 20);
    List<Integer> order = new ArrayList<>();
    while (bed.file.dirtyPages() == order.size()) {
      int page = order.size() * 37 % 199;
      bed.put(page, page, 10);
      order.add(page);
      // A page that changes again has still waited since its first change.
      bed.put(order.getFirst(), page, 10);
    }
    int written = order.size() - bed.file.dirtyPages();
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
    Bed bed = bed(1 << 20);
    for (int page = 0; page < 130; page++) {
      bed.put(page, page, 10);
    }
    assertEquals(130, bed.file.dirtyPages());
    DataFile data = bed.data;
    DataFile second = keep(otherFile());
    TestLog log = new TestLog();
    PageFile other =
        bed.cache.attachPages(second, FILE_ID + 1, new TestPages(FILE_ID + 1, second.path()), log);
    open.add(other::discard);
    for (int page = 0; page < 200; page++) {
      try (PageEdit edit = other.create(page * 4096L, 1, TestPages.LENGTH)) {
        TestPages.fill(edit.segment(), page);
        edit.commit(10, 11);
      }
    }
    assertEquals(0, bed.file.dirtyPages(), "those that had waited for longest");
    assertEquals(100, TestPages.stored(data, FILE_ID, 100 * 4096));
    assertTrue(log.calls.get() <= 2, log.calls + " waits for the log");
  }

  /// What the one file's log does not let be written is in nobody else's way.
  @Test
  void aFileWhoseLogFailedDoesNotStopAnother() throws Exception {
    Bed bed = bed(1 << 20);
    bed.log.failure.set(new IOException("planned by a test"));
    int dirty = 0;
    while (bed.file.dirtyPages() == dirty && dirty < 200) {
      int page = dirty++;
      try {
        bed.put(page, page, 10);
      } catch (IOException e) {
        break;
      }
    }
    int left = bed.file.dirtyPages();
    assertTrue(left > 100, left + " pages are dirty");
    DataFile second = keep(otherFile());
    PageFile other =
        bed.cache.attachPages(
            second, FILE_ID + 1, new TestPages(FILE_ID + 1, second.path()), lsn -> {});
    open.add(other::discard);
    for (int page = 0; page < 200; page++) {
      try (PageEdit edit = other.create(page * 4096L, 1, TestPages.LENGTH)) {
        TestPages.fill(edit.segment(), page);
        edit.commit(10, 11);
      }
    }
    assertEquals(left, bed.file.dirtyPages());
  }

  private DataFile otherFile() throws IOException {
    DataDirectory directory = null;
    for (AutoCloseable resource : open) {
      directory = resource instanceof DataDirectory found ? found : directory;
    }
    return requireNonNull(directory).create("others", false);
  }

  @Test
  void withEveryFramePinnedThereIsNoEdit() throws Exception {
    Bed bed = bed(1 << 20);
    for (int page = 0; page < 300; page++) {
      bed.put(page, page, page);
    }
    bed.file.flush();
    List<PinnedBlock> pinned = new ArrayList<>();
    for (int page = 0; page < 256; page++) {
      pinned.add(bed.cache.pin(bed.file.blocks(), page * 4096L, 1));
    }
    assertThrows(MemoryLimitException.class, () -> bed.file.edit(0, 1));
    assertThrows(MemoryLimitException.class, () -> bed.file.create(0, 1, TestPages.LENGTH));
    pinned.removeLast().close();
    bed.file.edit(0, 1).close();
    pinned.forEach(PinnedBlock::close);
  }

  @Test
  void oneEditOfAPageAtATime() throws Exception {
    Bed bed = bed(2 << 20);
    bed.put(0, 1, 10);
    PageEdit first = bed.file.edit(0, 1);
    assertThrows(IllegalStateException.class, bed.file::close);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    CountDownLatch started = new CountDownLatch(1);
    Thread second =
        Thread.ofPlatform()
            .start(
                () ->
                    run(
                        failure,
                        () -> {
                          started.countDown();
                          try (PageEdit edit = bed.file.edit(0, 1)) {
                            TestPages.fill(
                                edit.segment(), TestPages.number(edit.segment()) + 100);
                            edit.commit(20, 21);
                          }
                        }));
    awaitQuietly(started);
    bed.file.create(4096 * 7, 1, TestPages.LENGTH).close();
    TestPages.fill(first.segment(), 2);
    first.commit(15, 16);
    second.join();
    assertNull(failure.get());
    assertEquals(102, bed.get(0));
  }

  @Test
  void whatIsDiscardedIsForgotten() throws Exception {
    Bed bed = bed(2 << 20);
    bed.put(0, 1, 10);
    bed.file.flush();
    bed.put(0, 2, 20);
    try (PinnedBlock pinned = bed.cache.pin(bed.file.blocks(), 0, 1)) {
      bed.file.discard();
      assertEquals(2, TestPages.number(pinned.segment()));
      PageFile again = bed.cache.attachPages(bed.data, FILE_ID, bed.codec, bed.log);
      try (PinnedBlock read = bed.cache.pin(again.blocks(), 0, 1)) {
        assertEquals(1, TestPages.number(read.segment()));
      }
      again.close();
    }
  }

  @Test
  void misuseIsRefused() throws Exception {
    Bed bed = bed(2 << 20);
    assertThrows(IllegalArgumentException.class, () -> bed.file.edit(1, 1));
    assertThrows(IllegalArgumentException.class, () -> bed.file.create(0, 17, 1));
    assertThrows(IllegalArgumentException.class, () -> bed.file.create(0, 1, (256 << 10) + 1));
    assertThrows(IllegalStateException.class, bed.file.blocks()::close);
    try (PageEdit edit = bed.file.create(0, 1, TestPages.LENGTH)) {
      assertThrows(IllegalArgumentException.class, () -> edit.commit(5, 4));
      assertThrows(IllegalArgumentException.class, () -> edit.commit(-1, 4));
    }
    bed.put(0, 1, 1);
    try (PinnedBlock around = bed.cache.readAround(bed.file.blocks(), 0, 1)) {
      assertEquals(1, TestPages.number(around.segment()));
    }
    IllegalStateException e = assertThrows(IllegalStateException.class, bed.cache::close);
    assertTrue(String.valueOf(e.getMessage()).startsWith("1 blocks"), e.toString());
  }
}
