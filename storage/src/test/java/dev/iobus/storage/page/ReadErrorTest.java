package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusException;
import dev.iobus.BusOptions;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A device that fails reads, once each: whom that concerns, and that it goes on after it.
class ReadErrorTest {

  private static final Path PARENT = Path.of("/sim");
  private static final int BLOCKS = 64;
  private static final int CALLERS = 4;
  private static final int SEEDS = 5;
  private static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(2);

  /// A file of blocks of a page, none of which is in the cache.
  private record Bed(SimScheduler host, SharedBus bus, PageCache cache, BlockFile file) {

    void pin(int block) throws IOException {
      try (PinnedBlock pinned = cache.pin(file, block * 4096L, 1)) {
        TestBlocks.check(pinned.segment(), 1, block * 4096L);
      }
    }

    /// Pins all of them at once.
    void pinAll(int... blocks) throws IOException {
      BlockFile[] files = new BlockFile[blocks.length];
      long[] offsets = new long[blocks.length];
      int[] pages = new int[blocks.length];
      for (int i = 0; i < blocks.length; i++) {
        files[i] = file;
        offsets[i] = blocks[i] * 4096L;
        pages[i] = 1;
      }
      @Nullable PinnedBlock[] into = new @Nullable PinnedBlock[blocks.length];
      cache.pinAll(files, offsets, pages, blocks.length, into);
      for (int i = 0; i < blocks.length; i++) {
        PinnedBlock pinned = into[i];
        assert pinned != null : "not all are pinned";
        TestBlocks.check(pinned.segment(), 1, offsets[i]);
        pinned.close();
      }
    }
  }

  private interface Scenario {
    void run(Bed bed) throws Exception;
  }

  /// @param failing numbers of the reads of the file that fail, from 1, each without those before it
  private static void simulate(Scenario test, int... failing) throws Exception {
    for (int seed = 1; seed <= SEEDS; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(PARENT);
      Faults faults = new Faults();
      for (int read : failing) {
        faults.error("EIO", SimOperation.READ).inFiles("t").at(read);
      }
      SimScheduler host = new SimScheduler(seed, disk, faults);
      assertTrue(host.run(() -> runAsVirtual(host, test)), "seed " + seed);
      assertEquals(failing.length, faults.struck());
    }
  }

  /// Only a thread that is no virtual one tries first whether the kernel has the bytes.
  private static void runAsVirtual(SimScheduler host, Scenario test) throws Exception {
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    AtomicBoolean ended = new AtomicBoolean();
    host.startVirtual(
        "test",
        () -> {
          try {
            runOn(host, test);
          } catch (Throwable t) {
            failure.set(t);
          } finally {
            ended.set(true);
          }
        });
    while (!ended.get()) {
      host.park(host.nanoTime() + 1_000_000);
    }
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError(thrown);
    }
  }

  private static void runOn(SimScheduler host, Scenario test) throws Exception {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, PARENT.resolve("data"));
        DataFile data = TestBlocks.write(directory, "t", 1, BLOCKS, 1, 4000);
        PageCache cache = PageCache.open(bus, new MemoryBudget(8 << 20), OPTIONS);
        BlockFile file = cache.attach(data, 1, new TestBlocks(1, data.path()))) {
      test.run(new Bed(host, bus, cache, file));
    }
  }

  @Test
  void whoWaitsForOneReadGetsItsErrorAndTheNextCallReadsAgain() throws Exception {
    int[] told = {0};
    simulate(
        bed -> {
          List<Throwable> errors = new ArrayList<>();
          int[] ended = {0};
          for (int i = 0; i < CALLERS; i++) {
            bed.host.startVirtual(
                "reader",
                () -> {
                  try {
                    bed.pin(3);
                  } catch (IOException e) {
                    errors.add(e);
                  } finally {
                    ended[0]++;
                  }
                });
          }
          while (ended[0] < CALLERS) {
            bed.host.park(bed.host.nanoTime() + 1_000_000);
          }
          for (Throwable error : errors) {
            assertSame(errors.getFirst(), error);
            assertEquals("EIO", ((BusException) error).errnoName());
          }
          told[0] += errors.size();
          bed.pin(3);
          long misses = bed.cache.stats().misses();
          assertEquals(2, misses);
          bed.pin(3);
          assertEquals(misses, bed.cache.stats().misses());
        },
        1);
    // Those who come after the error read anew.
    assertTrue(told[0] > SEEDS, told[0] + " errors in " + SEEDS + " runs");
  }

  /// Blocks that lie side by side are read in one transfer. When that fails each is read by itself,
  /// so that one bad place is the error of one block.
  @Test
  void blocksOfATransferThatFailedAreReadOneByOne() throws Exception {
    simulate(
        bed -> {
          bed.pinAll(0, 1, 2, 3);
          assertEquals(4, bed.cache.stats().misses());
        },
        1);
    simulate(
        bed -> {
          BusException e = assertThrows(BusException.class, () -> bed.pinAll(0, 1, 2, 3));
          assertEquals("EIO", e.errnoName());
          long misses = bed.cache.stats().misses();
          bed.pinAll(0, 1, 3);
          assertEquals(misses, bed.cache.stats().misses());
          bed.pin(2);
          assertEquals(misses + 1, bed.cache.stats().misses());
        },
        1,
        3);
  }

  @Test
  void readsOfOneCallAreInFlightTogether() throws Exception {
    simulate(
        bed -> {
          int[] apart = {0, 10, 20, 30, 40, 50, 60, 5};
          long[] before = submissions(bed);
          bed.pinAll(apart);
          long[] together = submissions(bed);
          assertEquals(1, together[3] - before[3], "submissions of eight");
          assertEquals(8, bed.cache.stats().misses());
        });
  }

  private static long[] submissions(Bed bed) {
    long[] counts = new long[16];
    List<Long> sizes = bed.bus.stats().submissionSizes();
    for (int i = 0; i < sizes.size(); i++) {
      counts[i] = sizes.get(i);
    }
    return counts;
  }
}
