package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FewThreads;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Blocks that are read before anybody needs them.
class PrefetcherTest {

  private static final int BLOCKS = 600;
  private static final int SLAB_PAGES = 256;
  private static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(SLAB_PAGES * 4096).withReaders(1);

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

  /// A cache, a file of [#BLOCKS] blocks of a page in it, and their decoder.
  private record Bed(PageCache cache, BlockFile file, TestBlocks blocks) {

    void awaitVerified(int count) throws InterruptedException {
      await(() -> blocks.verified.get() >= count);
    }
  }

  private Bed bed(long budgetBytes) throws Exception {
    return bed(harness.bus(), harness.directory(), budgetBytes);
  }

  private Bed bed(SharedBus bus, DataDirectory directory, long budgetBytes) throws Exception {
    PageCache cache = harness.keep(PageCache.open(bus, new MemoryBudget(budgetBytes), OPTIONS));
    DataFile file = harness.keep(TestBlocks.write(directory, "t", 1, BLOCKS, 1, 4000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    return new Bed(cache, harness.attach(cache, file, blocks), blocks);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 10_000 && !condition.getAsBoolean(); i++) {
      Thread.sleep(1);
    }
    assertTrue(condition.getAsBoolean(), "nothing happened for 10 s");
  }

  private static void pinAndCheck(Bed bed, int block) throws Exception {
    try (PinnedBlock pinned = bed.cache.pin(bed.file, block * 4096L, 1)) {
      TestBlocks.check(pinned.segment(), 1, block * 4096L);
    }
  }

  private static int prefetch(Bed bed, int from, int count) {
    BlockFile[] files = new BlockFile[count];
    long[] offsets = new long[count];
    int[] pages = new int[count];
    for (int i = 0; i < count; i++) {
      files[i] = bed.file;
      offsets[i] = (from + i) * 4096L;
      pages[i] = 1;
    }
    return bed.cache.prefetch(files, offsets, pages, count);
  }

  @Test
  void whatWasAskedForIsThere() throws Exception {
    Bed bed = bed(16 << 20);
    pinAndCheck(bed, 3);
    assertEquals(99, prefetch(bed, 0, 100));
    assertEquals(0, prefetch(bed, 0, 100));
    bed.awaitVerified(100);
    for (int i = 0; i < 100; i++) {
      pinAndCheck(bed, i);
    }
    assertEquals(100, bed.blocks.verified.get());
    assertEquals(100, bed.cache.stats().misses());
    assertEquals(99, bed.cache.stats().prefetches());
    assertEquals(0, bed.cache.stats().transientReads());
  }

  @Test
  void aCallerJoinsTheReadThatRuns() throws Exception {
    Bed bed = bed(16 << 20);
    CountDownLatch joined = new CountDownLatch(1);
    bed.blocks.pause.set(() -> TestThread.await(joined));
    assertTrue(bed.cache.prefetch(bed.file, 0, 1));
    TestThread caller = pinInBackground(bed, 0);
    await(() -> bed.cache.stats().sharedMisses() == 1);
    joined.countDown();
    caller.join();
    assertEquals(1, bed.blocks.verified.get());
  }

  private static TestThread pinInBackground(Bed bed, int block) {
    return TestThread.startVirtual(() -> pinAndCheck(bed, block));
  }

  @Test
  void aFailedReadLeavesNothingAndIsTriedAgain() throws Exception {
    Bed bed = bed(16 << 20);
    try (Arena arena = Arena.ofShared();
        DataFile writer = harness.directory().open("t", false, OpenFlag.WRITE)) {
      var saved = arena.allocate(4096);
      writer.readFully(saved, 4096);
      writer.writeFully(arena.allocate(8).fill((byte) 1), 4096 + 100, WriteFlag.NONE);
      assertEquals(3, prefetch(bed, 0, 3));
      bed.awaitVerified(3);
      // The neighbours in the same transfer are there; the damaged one is read by who pins it.
      assertThrows(CorruptionException.class, () -> pinAndCheck(bed, 1));
      assertEquals(4, bed.blocks.verified.get());
      pinAndCheck(bed, 0);
      pinAndCheck(bed, 2);
      assertEquals(4, bed.blocks.verified.get());
      writer.writeFully(saved, 4096, WriteFlag.NONE);
      pinAndCheck(bed, 1);
    }
  }

  @Test
  void whatLiesBeforeTheEndOfTheFileIsKept() throws Exception {
    Bed bed = bed(16 << 20);
    assertEquals(4, prefetch(bed, BLOCKS - 2, 4));
    bed.awaitVerified(2);
    CorruptionException past =
        assertThrows(CorruptionException.class, () -> pinAndCheck(bed, BLOCKS));
    assertEquals(BLOCKS * 4096L, past.offset());
    pinAndCheck(bed, BLOCKS - 1);
    pinAndCheck(bed, BLOCKS - 2);
    assertEquals(2, bed.blocks.verified.get());
  }

  @Test
  void withoutAFrameItIsDropped() throws Exception {
    // Floors: slab 1 MiB, table 64 KiB, reader 1 MiB; left for frames: one extent, of 256 frames.
    Bed bed = bed((1 << 20) + (64 << 10) + (1 << 20) + (1 << 20));
    List<PinnedBlock> pinned = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      pinned.add(bed.cache.pin(bed.file, i * 4096L, 1));
    }
    assertEquals(0, bed.cache.stats().transientReads());
    assertEquals(10, prefetch(bed, 300, 10));
    bed.awaitVerified(266);
    await(() -> bed.cache.stats().misses() == 266);
    pinAndCheck(bed, 300);
    assertEquals(1, bed.cache.stats().transientReads());
    pinned.forEach(PinnedBlock::close);
  }

  /// The tasks stand still until a caller, who had joined a read that waits for a task, sees that it
  /// was dropped and reads the block himself.
  @Test
  void closingDropsWhatWaits() throws Exception {
    Bed bed = bed(16 << 20);
    CountDownLatch dropped = new CountDownLatch(1);
    bed.blocks.pause.set(
        () -> {
          if (Thread.currentThread().getName().equals("page-prefetch")) {
            TestThread.await(dropped);
          } else {
            dropped.countDown();
          }
        });
    // The tasks begin with half of the slab; the rest waits, up to the size of the slab.
    int begun = prefetch(bed, 0, BLOCKS);
    assertTrue(begun >= SLAB_PAGES && begun < BLOCKS, begun + " reads were begun");
    TestThread caller = pinInBackground(bed, SLAB_PAGES - 1);
    await(() -> bed.cache.stats().sharedMisses() == 1);
    bed.cache.close();
    caller.join();
    assertTrue(bed.blocks.verified.get() <= 129, bed.blocks.verified + " blocks were verified");
    assertThrows(IllegalStateException.class, () -> pinAndCheck(bed, 0));
    assertFalse(dropped.getCount() > 0);
  }

  /// With two tasks the device was without work while both decoded.
  @Test
  void whileBlocksAreDecodedOthersAreRead() throws Exception {
    Bed bed = bed(16 << 20);
    CountDownLatch done = new CountDownLatch(1);
    AtomicInteger decoding = new AtomicInteger();
    bed.blocks.pause.set(
        () -> {
          if (Thread.currentThread().getName().equals("page-prefetch")) {
            decoding.incrementAndGet();
            TestThread.await(done);
          }
        });
    int begun = prefetch(bed, 0, BLOCKS);
    await(() -> decoding.get() == 8);
    // They have half of the slab: who waits for a block finds pages for it.
    pinAndCheck(bed, BLOCKS - 1);
    done.countDown();
    bed.awaitVerified(begun + 1);
    assertEquals(begun + 1, bed.cache.stats().misses());
  }

  /// Tasks that wait for pages of the slab are all woken when a large block has given back what they
  /// wait for, though only one of them is told.
  @Test
  void whatALargeBlockGivesBackIsUsedByAllWhoWait() throws Exception {
    Bed bed = bed(16 << 20);
    int largePages = SLAB_PAGES / 4;
    DataFile data = harness.write("large", 2, 2, largePages, 4000);
    TestBlocks blocks = new TestBlocks(2, data.path());
    BlockFile large = harness.attach(bed.cache, data, blocks);
    CountDownLatch gone = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    blocks.pause.set(() -> TestThread.await(gone));
    AtomicInteger decoding = new AtomicInteger();
    bed.blocks.pause.set(
        () -> {
          decoding.incrementAndGet();
          TestThread.await(done);
        });
    // The large ones have the half of the slab that is for reading ahead.
    for (int i = 0; i < 2; i++) {
      assertTrue(bed.cache.prefetch(large, (long) i * largePages * 4096, largePages));
    }
    await(() -> blocks.verified.get() == 2);
    assertEquals(96, prefetch(bed, 0, 96));
    assertEquals(0, decoding.get());
    gone.countDown();
    try {
      await(() -> decoding.get() == 6);
    } finally {
      done.countDown();
    }
    bed.awaitVerified(96);
    assertEquals(98, bed.cache.stats().misses());
  }

  /// A scan failed when the host had no thread for one more task, though another one ran and could read
  /// what it asked for.
  @Test
  void tasksThatRunReadWhatNoThreadIsLeftFor() throws Exception {
    FewThreads host = new FewThreads("page-prefetch");
    SharedBus few =
        harness.keep(
            SharedBus.open(
                BusOptions.defaults().withBackend(BackendKind.NIO).withScheduler(host)));
    Bed bed = bed(few, harness.keep(DataDirectory.open(few, temp.resolve("few"))), 16 << 20);
    assertThrows(OutOfMemoryError.class, () -> prefetch(bed, 0, 1));
    pinAndCheck(bed, 0); // Nobody waits for the read that was refused.

    host.giveThreads();
    CountDownLatch refused = new CountDownLatch(1);
    bed.blocks.pause.set(() -> TestThread.await(refused));
    assertEquals(1, prefetch(bed, 1, 1));
    bed.awaitVerified(2);
    host.takeThreads("page-prefetch");
    assertEquals(100, prefetch(bed, 2, 100));
    refused.countDown();
    bed.awaitVerified(102);
    assertEquals(102, bed.cache.stats().misses());
  }

  /// A file that was closed while blocks of several files were asked for made the call throw; what it
  /// had registered until then was neither read nor withdrawn, and who closed their file waited for
  /// ever.
  @Test
  void aFileThatIsClosedMeanwhileLeavesNothingBegun() throws Exception {
    int[] refused = {0};
    for (int seed = 1; seed <= 60; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/sim"));
      SimScheduler host = new SimScheduler(seed, disk);
      assertTrue(host.run(() -> closeUnderPrefetch(host, refused)), "seed " + seed);
    }
    assertTrue(refused[0] > 0, "no close met a prefetch");
  }

  private static void closeUnderPrefetch(SimScheduler host, int[] refused) throws Exception {
    try (SharedBus simulated = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory data = DataDirectory.open(simulated, Path.of("/sim/data"));
        DataFile first = TestBlocks.write(data, "first", 1, 4, 1, 4000);
        DataFile second = TestBlocks.write(data, "second", 2, 4, 1, 4000);
        PageCache cache = PageCache.open(simulated, new MemoryBudget(8 << 20), OPTIONS);
        BlockFile kept = cache.attach(first, 1, new TestBlocks(1, first.path()))) {
      BlockFile closed = cache.attach(second, 2, new TestBlocks(2, second.path()));
      host.start("closer", closed::close);
      BlockFile[] files = {kept, kept, closed, kept};
      long[] offsets = {0, 4096, 0, 8192};
      try {
        cache.prefetch(files, offsets, new int[] {1, 1, 1, 1}, files.length);
      } catch (IllegalStateException e) {
        refused[0]++;
      }
      for (int block = 0; block < 4; block++) {
        try (PinnedBlock pinned = cache.pin(kept, block * 4096L, 1)) {
          TestBlocks.check(pinned.segment(), 1, block * 4096L);
        }
      }
    }
  }
}
