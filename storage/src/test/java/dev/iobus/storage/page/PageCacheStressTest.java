package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many readers over few frames: pins, evictions and loads of the same frames race, and every
/// byte that is seen is checked against its file and offset.
@Timeout(120)
class PageCacheStressTest {

  private static final int BLOCKS = 600;
  private static final int[] LENGTHS = {900, 4000, 4096, 30_000, 100_000, 300_000};

  @TempDir Path temp;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void everyPinSeesItsOwnBlock(BackendKind kind) throws Exception {
    // Room for three extents beside the floors: each turnover evicts.
    MemoryBudget budget = new MemoryBudget((128 << 10) + (64 << 10) + (16 << 20) + (3 << 20));
    PageCacheOptions options =
        PageCacheOptions.defaults().withIoBufferBytes(128 << 10).withReaders(16);
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, temp.resolve("data"));
        DataFile file1 = TestBlocks.write(directory, "a", 1, BLOCKS, 1, LENGTHS);
        DataFile file2 = TestBlocks.write(directory, "b", 2, BLOCKS, 1, LENGTHS);
        PageCache cache = PageCache.open(bus, budget, options);
        BlockFile a = cache.attach(file1, 1, new TestBlocks(1, file1.path()));
        BlockFile b = cache.attach(file2, 2, new TestBlocks(2, file2.path()))) {
      AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      CountDownLatch start = new CountDownLatch(1);
      for (int i = 0; i < 12; i++) {
        Runnable body =
            () -> {
              try {
                start.await();
                readMany(cache, a, b, budget, 600);
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            };
        threads.add(i % 2 == 0 ? Thread.ofVirtual().start(body) : Thread.ofPlatform().start(body));
      }
      start.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      if (failure.get() != null) {
        throw new AssertionError(failure.get());
      }
      CacheStats stats = cache.stats();
      assertTrue(stats.evictions() > 100, stats.toString());
      assertTrue(stats.hits() > 100, stats.toString());
    }
    assertEquals(0, budget.reserved());
  }

  private static void readMany(
      PageCache cache, BlockFile a, BlockFile b, MemoryBudget budget, int rounds)
      throws Exception {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    BlockFile[] files = new BlockFile[8];
    long[] offsets = new long[8];
    int[] pages = new int[8];
    @Nullable PinnedBlock[] into = new @Nullable PinnedBlock[8];
    for (int round = 0; round < rounds; round++) {
      int count = 1 + random.nextInt(4);
      for (int i = 0; i < count; i++) {
        files[i] = random.nextBoolean() ? a : b;
        // Skewed, so that some blocks are hot.
        offsets[i] = random.nextInt(1 + random.nextInt(BLOCKS)) * 4096L;
        pages[i] = 1;
      }
      switch (random.nextInt(5)) {
        case 0 -> into[0] = cache.pin(files[0], offsets[0], 1);
        case 1 -> into[0] = cache.readAround(files[0], offsets[0], 1);
        case 2 -> {
          cache.prefetch(files, offsets, pages, count);
          into[0] = cache.pin(files[0], offsets[0], 1);
        }
        default -> cache.pinAll(files, offsets, pages, count, into);
      }
      for (int i = 0; i < count; i++) {
        PinnedBlock block = into[i];
        if (block != null) {
          TestBlocks.check(block.segment(), files[i].fileId(), offsets[i]);
          assertEquals(LENGTHS[(int) (offsets[i] / 4096) % LENGTHS.length], block.length());
          block.close();
          into[i] = null;
        }
      }
      assertTrue(budget.available() >= 0);
    }
  }

  /// One task reuses a frame for ever changing blocks while two others pin it, in its word and in
  /// slots: whoever gets a pin sees the block that was asked for, until the pin is given back.
  @Test
  void pinnedFrameNeverShowsAnotherBlock() throws Exception {
    PinSlots slots = new PinSlots(Scheduler.system());
    try (Arena arena = Arena.ofShared()) {
      FrameExtent extent = new FrameExtent(arena, arena.allocate(FrameExtent.BYTES), 0);
      Frame frame = extent.frames[0];
      AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
      int blocks = 4;
      long[] loads = new long[1];
      Thread loader =
          Thread.ofPlatform()
              .start(
                  () -> {
                    ThreadLocalRandom random = ThreadLocalRandom.current();
                    for (int i = 0; i < 300_000; i++) {
                      long offset = random.nextInt(blocks) * 4096L;
                      frame.beginLoad(1, false);
                      new TestBlocks(1, "").decode(MemorySegment.NULL, offset, frame.loadInto(64));
                      frame.publish(1, offset, 64, 1);
                      frame.unpin();
                      while (!frame.tryRetireIdle()) {
                        Thread.onSpinWait();
                      }
                      while (!frame.tryReclaim(slots)) {
                        Thread.onSpinWait();
                      }
                      frame.free();
                      loads[0]++;
                    }
                  });
      List<Thread> readers = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        readers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      ThreadLocalRandom random = ThreadLocalRandom.current();
                      try {
                        while (loader.isAlive()) {
                          long offset = random.nextInt(blocks) * 4096L;
                          if (random.nextInt(4) > 0) {
                            checkBySlot(frame, slots, offset);
                          } else if (frame.tryPin(1, offset)) {
                            try {
                              TestBlocks.check(frame.bytes(), 1, offset);
                              TestBlocks.check(frame.bytes(), 1, offset);
                            } finally {
                              frame.unpin(); // Else the loader would wait for ever.
                            }
                          }
                        }
                      } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                      }
                    }));
      }
      loader.join();
      for (Thread reader : readers) {
        reader.join();
      }
      assertNull(failure.get());
      assertEquals(300_000, loads[0]);
      assertEquals(300_000, frame.generation());
      assertFalse(slots.hold(frame.address(), 1));
    }
  }

  private static void checkBySlot(Frame frame, PinSlots slots, long offset) {
    int slot = slots.take(frame.address());
    assertTrue(slot >= 0, "no slot is free");
    try {
      if (frame.isPinnedBySlot(1, offset)) {
        MemorySegment bytes = frame.bytes();
        // For as long as a reuse of the frame takes that did not see the slot.
        for (int i = 0; i < 16; i++) {
          TestBlocks.check(bytes, 1, offset);
        }
      }
    } finally {
      slots.release(slot);
    }
  }
}
