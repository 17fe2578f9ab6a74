package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The window of a reader that goes forward: how it grows, and that nothing is read twice.
class ReadAheadTest {

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

  @Test
  void theWindowDoublesAndAJumpStopsIt() throws Exception {
    PageCache cache = harness.cache(16 << 20, OPTIONS);
    DataFile file = harness.write("t", 1, BLOCKS, 1, 4000);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    ReadAhead reader = cache.readAhead(attached, BlockLayout.fixed(1, BLOCKS * 4096L));
    // Window of 16 blocks from block 2 on; of 32 when the reader enters the first; of 64, which is
    // a quarter of the slab; and so on.
    int[] asked = {0, 16, 48, 48, 48};
    for (int i = 0; i < asked.length; i++) {
      pinAhead(reader, i);
      assertEquals(asked[i], cache.stats().prefetches(), "after block " + i);
    }
    for (int i = asked.length; i < 60; i++) {
      pinAhead(reader, i);
    }
    long before = cache.stats().prefetches();
    assertEquals(16 + 32 + 64 + 64, before);
    for (int i = 0; i < 20; i++) {
      pinAhead(reader, 500 - 7 * i);
    }
    assertEquals(before, cache.stats().prefetches());
    pinAhead(reader, 200);
    pinAhead(reader, 201);
    assertEquals(before + 16, cache.stats().prefetches());
  }

  /// The window is asked for in parts of 256 blocks.
  @Test
  void aWindowOfManyBlocksIsAskedForWhole() throws Exception {
    int blockCount = 1100;
    PageCacheOptions options = PageCacheOptions.defaults().withIoBufferBytes(8 << 20);
    PageCache cache = harness.cache(64 << 20, options);
    DataFile file = harness.write("t", 1, blockCount, 1, 4000);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    ReadAhead reader = cache.readAhead(attached, BlockLayout.fixed(1, blockCount * 4096L));
    List<Long> windows = new ArrayList<>();
    for (int i = 0; i < blockCount; i++) {
      long before = cache.stats().prefetches();
      pinAhead(reader, i);
      long asked = cache.stats().prefetches() - before;
      if (asked > 0) {
        windows.add(asked);
      }
    }
    assertEquals(List.of(16L, 32L, 64L, 128L, 256L, 512L, 90L), windows);
    assertEquals(blockCount, cache.stats().misses());
  }

  private static void pinAhead(ReadAhead reader, int block) throws Exception {
    try (PinnedBlock pinned = reader.pin(block * 4096L)) {
      TestBlocks.check(pinned.segment(), 1, block * 4096L);
    }
  }

  @Test
  void aWholeScanReadsEachBlockOnce() throws Exception {
    PageCache cache = harness.cache(16 << 20, OPTIONS);
    DataFile file = harness.write("t", 1, BLOCKS, 1, 4000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
    ReadAhead reader = cache.readAhead(attached, BlockLayout.fixed(1, BLOCKS * 4096L));
    for (int i = 0; i < BLOCKS; i++) {
      pinAhead(reader, i);
    }
    assertThrows(IllegalArgumentException.class, () -> reader.pin(BLOCKS * 4096L));
    assertEquals(BLOCKS, blocks.verified.get());
    assertEquals(BLOCKS - 2, cache.stats().prefetches());
    // A second scan finds all of it and asks for nothing.
    for (int i = 0; i < BLOCKS; i++) {
      pinAhead(reader, i);
    }
    assertEquals(BLOCKS, blocks.verified.get());
    assertFalse(cache.prefetch(attached, 0, 1));
  }

  /// The window was a part of the frames that there could be when the cache was opened. Where others
  /// took that memory afterwards, as a store's memtables do, two windows did not fit: each drove out
  /// what was read before it and not used yet, which was read twice.
  @Test
  void aScanInLittleMemoryReadsEachBlockOnce() throws Exception {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    PageCache cache = harness.keep(PageCache.open(harness.bus(), budget, OPTIONS));
    MemoryBudget.Account others = budget.open("others", budget.available() - (1 << 20));
    DataFile file = harness.write("t", 1, BLOCKS, 1, 4000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
    ReadAhead reader = cache.readAhead(attached, BlockLayout.fixed(1, BLOCKS * 4096L));
    for (int i = 0; i < BLOCKS; i++) {
      pinAhead(reader, i);
      // A moment in which the tasks read as far as they may.
      Thread.sleep(0, 100_000);
    }
    int read = blocks.verified.get();
    assertTrue(read <= BLOCKS + BLOCKS / 50, read + " blocks were read for " + BLOCKS);
    assertTrue(cache.stats().prefetches() > BLOCKS / 2, cache.stats() + "");
    others.close();
  }

  @Test
  void blocksOfManySizesAreReadAhead() throws Exception {
    PageCache cache = harness.cache(32 << 20, PageCacheOptions.defaults());
    // The 40 pages that a block takes are more than the first window.
    DataFile file = harness.write("large", 7, 30, 40, 1000, 150_000);
    TestBlocks blocks = new TestBlocks(7, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
    ReadAhead reader = cache.readAhead(attached, BlockLayout.fixed(40, file.size()));
    for (int i = 0; i < 30; i++) {
      try (PinnedBlock pinned = reader.pin(i * 40L * 4096)) {
        TestBlocks.check(pinned.segment(), 7, i * 40L * 4096);
      }
    }
    assertEquals(30, blocks.verified.get());
    assertEquals(28, cache.stats().prefetches());
  }
}
