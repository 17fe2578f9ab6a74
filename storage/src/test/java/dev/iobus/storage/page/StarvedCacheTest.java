package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Readers of a cache whose memory is held, on a simulated host, where waiting costs no time.
class StarvedCacheTest {

  private static final long SECOND = 1_000_000_000L;

  /// The slab is of sixteen pages, and so is the largest block.
  private static final int SLAB_PAGES = 16;

  /// Bytes of a block that finds no frame, in its file and decoded.
  private static final long LARGE_STORED = SLAB_PAGES * 4096L;

  private static final int LARGE = 300_000;

  private static final int BLOCKS = 40;

  /// Reads of a reader that does not wait for memory.
  private static final int TRIES = 50;

  /// A cache of one extent of frames, 1 MiB, and as much beside them, with a file of large blocks and one of
  /// small ones.
  private record Bed(SimScheduler host, PageCache cache, BlockFile large, BlockFile small) {

    PinnedBlock pinLarge(int block) throws Exception {
      return cache.pin(large, block * LARGE_STORED, SLAB_PAGES);
    }

    /// Pins of large blocks that leave no memory for another one.
    List<PinnedBlock> holdAll() throws Exception {
      List<PinnedBlock> held = new ArrayList<>();
      // The extent cannot be taken for large blocks while one of its frames is pinned.
      held.add(cache.pin(small, 0, 1));
      for (int i = 0; i < (1 << 20) / LARGE; i++) {
        held.add(pinLarge(i));
      }
      return held;
    }

    /// Lets a task do something after a while.
    void after(long nanos, Runnable does) {
      host.start(
          "later",
          () -> {
            host.park(host.nanoTime() + nanos);
            does.run();
          });
    }
  }

  private interface Scenario {
    void run(Bed bed) throws Exception;
  }

  private static void simulate(Scenario test) throws Exception {
    for (int seed = 1; seed <= 3; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/sim"));
      SimScheduler host = new SimScheduler(seed, disk);
      assertTrue(host.run(() -> runOn(host, test)), "seed " + seed);
    }
  }

  private static void runOn(SimScheduler host, Scenario test) throws Exception {
    PageCacheOptions options =
        PageCacheOptions.defaults().withIoBufferBytes(SLAB_PAGES * 4096).withReaders(1);
    long table = CacheAccounts.tableBytes(1024, options, host);
    MemoryBudget budget = new MemoryBudget(SLAB_PAGES * 4096 + table + (2 << 20));
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, Path.of("/sim/data"));
        DataFile large = TestBlocks.write(directory, "large", 1, BLOCKS, SLAB_PAGES, LARGE);
        DataFile small = TestBlocks.write(directory, "small", 2, BLOCKS, 1, 4000);
        PageCache cache = PageCache.open(bus, budget, options);
        BlockFile largeBlocks = cache.attach(large, 1, new TestBlocks(1, large.path()));
        BlockFile smallBlocks = cache.attach(small, 2, new TestBlocks(2, small.path()))) {
      test.run(new Bed(host, cache, largeBlocks, smallBlocks));
    }
  }

  /// Each block of a call waited ten seconds for itself, so a call of many took minutes to fail.
  @Test
  void allBlocksOfACallWaitForMemoryTogether() throws Exception {
    simulate(
        bed -> {
          List<PinnedBlock> held = bed.holdAll();
          int count = 20;
          BlockFile[] files = new BlockFile[count];
          long[] offsets = new long[count];
          int[] pages = new int[count];
          for (int i = 0; i < count; i++) {
            files[i] = bed.large;
            offsets[i] = (10 + i) * LARGE_STORED;
            pages[i] = SLAB_PAGES;
          }
          @Nullable PinnedBlock[] into = new @Nullable PinnedBlock[count];
          long begin = bed.host.nanoTime();
          assertThrows(
              MemoryLimitException.class,
              () -> bed.cache.pinAll(files, offsets, pages, count, into));
          long waited = bed.host.nanoTime() - begin;
          assertTrue(waited >= WaitLimit.CALL_NANOS, waited + " ns");
          assertTrue(waited < WaitLimit.CALL_NANOS + SECOND, waited + " ns");
          for (PinnedBlock block : into) {
            assertNull(block);
          }
          held.forEach(PinnedBlock::close);
          bed.pinLarge(10).close();
        });
  }

  /// A reader without memory kept its pages of the slab while it waited for some: others, who had
  /// frames, waited as long.
  @Test
  void whoWaitsForMemoryHoldsNoPagesOfTheSlab() throws Exception {
    simulate(
        bed -> {
          List<PinnedBlock> held = bed.holdAll();
          List<Throwable> failures = new ArrayList<>();
          bed.host.start(
              "starved",
              () -> {
                try {
                  bed.pinLarge(20).close();
                } catch (Exception e) {
                  failures.add(e);
                }
              });
          bed.host.park(bed.host.nanoTime() + SECOND);
          long begin = bed.host.nanoTime();
          for (int i = 1; i < 10; i++) {
            bed.cache.pin(bed.small, i * 4096L, 1).close();
          }
          long waited = bed.host.nanoTime() - begin;
          assertTrue(waited < SECOND, waited + " ns");
          held.forEach(PinnedBlock::close);
          bed.host.park(bed.host.nanoTime() + SECOND);
          assertEquals(List.of(), failures);
        });
  }

  /// Who does not wait for memory and is met by one who does had failed both.
  @Test
  void whoJoinsAnImpatientReaderWaitsAllTheSame() throws Exception {
    simulate(
        bed -> {
          List<PinnedBlock> held = bed.holdAll();
          long offset = 20 * LARGE_STORED;
          List<MemoryLimitException> refusals = new ArrayList<>();
          List<Integer> tries = new ArrayList<>();
          bed.host.start(
              "impatient",
              () -> {
                for (int i = 0; i < TRIES; i++) {
                  tries.add(i);
                  try {
                    bed.cache.pin(bed.large, offset, SLAB_PAGES, WaitLimit.none()).close();
                  } catch (MemoryLimitException e) {
                    refusals.add(e);
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                }
              });
          while (refusals.isEmpty()) {
            bed.host.yield();
          }
          bed.after(5 * SECOND, () -> held.forEach(PinnedBlock::close));
          long begin = bed.host.nanoTime();
          try (PinnedBlock block = bed.cache.pin(bed.large, offset, SLAB_PAGES)) {
            TestBlocks.check(block.segment(), 1, offset);
          }
          long waited = bed.host.nanoTime() - begin;
          bed.host.park(bed.host.nanoTime() + SECOND);
          assertEquals(TRIES, tries.size());
          assertTrue(waited >= 4 * SECOND, waited + " ns");
          assertTrue(waited < 6 * SECOND, waited + " ns");
        });
  }

  /// A block that fits no frame was refused after ten seconds while the cache held blocks that nobody
  /// needed.
  @Test
  void theCacheGivesWayToLargeBlocks() throws Exception {
    simulate(
        bed -> {
          for (int i = 0; i < BLOCKS; i++) {
            bed.cache.pin(bed.small, i * 4096L, 1).close();
          }
          long begin = bed.host.nanoTime();
          List<PinnedBlock> held = new ArrayList<>();
          for (int i = 0; i < 2 * ((1 << 20) / LARGE); i++) {
            held.add(bed.pinLarge(i));
          }
          long took = bed.host.nanoTime() - begin;
          assertTrue(took < SECOND, took + " ns");
          held.forEach(PinnedBlock::close);
        });
  }
}
