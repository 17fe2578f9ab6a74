package dev.iobus.storage.page;

import static dev.iobus.storage.page.CacheHarness.OPTIONS;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a cache keeps, counts and gives back.
class PageCacheTest {

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
  void secondPinIsAHitOnTheSameBytes() throws Exception {
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 4, 1, 5000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
    PinnedBlock first = cache.pin(attached, 4096, 1);
    TestBlocks.check(first.segment(), 1, 4096);
    assertEquals(5000, first.length());
    assertTrue(first.segment().isReadOnly());
    try (PinnedBlock second = cache.pin(attached, 4096, 1)) {
      assertEquals(first.segment().address(), second.segment().address());
    }
    assertEquals(1, blocks.verified.get());
    CacheStats stats = cache.stats();
    assertEquals(1, stats.hits());
    assertEquals(1, stats.misses());
    assertEquals(5120, stats.loadedBytes());
    assertEquals(5000, stats.decodedBytes());
    first.close();
    first.close();
    assertThrows(IllegalStateException.class, first::segment);
  }

  @Test
  void statisticsTellHowTheIoBuffersAreUsed() throws Exception {
    assertEquals(
        "256 KiB, plain memory: this backend registers no memory; io_uring does from Linux 5.13 on",
        harness.cache(8 << 20).stats().ioBuffers());
    try (SharedBus ring = TestBus.open(BackendKind.IO_URING);
        PageCache cache = PageCache.open(ring, new MemoryBudget(8 << 20), OPTIONS)) {
      String expected =
          ring.host().lockedBytesMax() == Long.MAX_VALUE ? "256 KiB, registered" : "256 KiB, ";
      assertEquals(expected, cache.stats().ioBuffers().substring(0, expected.length()));
    }
  }

  /// The map of a slab's pages was in no account: 32 KiB of heap for the largest.
  @Test
  void theMapOfTheIoBuffersIsCounted() {
    MemoryBudget budget = new MemoryBudget(2L << 30);
    Scheduler scheduler = harness.bus().scheduler();
    CacheAccounts small =
        CacheAccounts.open(budget, OPTIONS.withIoBufferBytes(64 << 10), scheduler);
    long withSmall = budget.available();
    small.close(64 << 10);
    CacheAccounts large =
        CacheAccounts.open(budget, OPTIONS.withIoBufferBytes(1 << 30), scheduler);
    long pages = ((1 << 30) - (64 << 10)) / 4096;
    assertEquals(withSmall - 4096 * pages - pages / 8, budget.available());
    large.close(1 << 30);
  }

  @Test
  void pinnedFramesAreNotEvictedAndReadersGoOn() throws Exception {
    // Floors: slab 256 KiB, table 64 KiB, readers 2 MiB; left for frames: one extent.
    PageCache cache = harness.cache((256 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    DataFile file = harness.write("t", 1, 20, 1, 256 << 10);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    List<PinnedBlock> pinned = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      pinned.add(cache.pin(attached, i * 4096L, 1));
    }
    for (int i = 0; i < 10; i++) {
      TestBlocks.check(pinned.get(i).segment(), 1, i * 4096L);
    }
    assertEquals(1 << 20, cache.stats().frameBytes());
    assertEquals(6, cache.stats().transientReads());
    assertEquals(0, cache.stats().evictions());
    IllegalStateException e = assertThrows(IllegalStateException.class, cache::close);
    String message = requireNonNull(e.getMessage());
    assertTrue(message.startsWith("10 blocks"), message);
    TestBlocks.check(pinned.get(0).segment(), 1, 0);
    pinned.forEach(PinnedBlock::close);
    cache.close();
    assertThrows(IllegalStateException.class, () -> cache.pin(attached, 0, 1));
  }

  /// A miss pins in the frame's word, a hit in a slot: this is about slots.
  @Test
  void whatWasHitStaysWhileItIsPinned() throws Exception {
    PageCache cache = harness.cache((256 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    DataFile file = harness.write("t", 1, 40, 1, 256 << 10);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    cache.pin(attached, 0, 1).close();
    PinnedBlock hit = cache.pin(attached, 0, 1);
    for (int round = 0; round < 3; round++) {
      for (int i = 1; i < 40; i++) {
        cache.pin(attached, i * 4096L, 1).close();
      }
    }
    assertTrue(cache.stats().evictions() > 40, cache.stats().toString());
    TestBlocks.check(hit.segment(), 1, 0);
    long misses = cache.stats().misses();
    cache.pin(attached, 0, 1).close();
    assertEquals(misses, cache.stats().misses());
    attached.close();
    TestBlocks.check(hit.segment(), 1, 0);
    assertEquals(1, cache.stats().decodedBytes() >> 18);
    IllegalStateException e = assertThrows(IllegalStateException.class, cache::close);
    String message = requireNonNull(e.getMessage());
    assertTrue(message.startsWith("1 blocks"), message);
    hit.close();
    cache.close();
  }

  @Test
  void hitsThatFindNoSlotArePinnedAllTheSame() throws Exception {
    PageCache cache = harness.cache((256 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    DataFile file = harness.write("t", 1, 64, 1, 16 << 10);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    for (int i = 0; i < 32; i++) {
      cache.pin(attached, i * 4096L, 1).close();
    }
    List<PinnedBlock> pinned = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      pinned.add(cache.pin(attached, i * 4096L, 1));
      pinned.add(cache.pin(attached, i * 4096L, 1));
    }
    assertEquals(64, cache.stats().hits());
    for (int i = 32; i < 64; i++) {
      cache.pin(attached, i * 4096L, 1).close();
    }
    for (int i = 0; i < 64; i++) {
      TestBlocks.check(pinned.get(i).segment(), 1, i / 2 * 4096L);
    }
    // A lease is closed wherever its holder runs then.
    Thread other = Thread.ofVirtual().start(() -> pinned.forEach(PinnedBlock::close));
    other.join();
    cache.close();
  }

  @Test
  void memoryMovesBetweenClasses() throws Exception {
    PageCache cache = harness.cache(4 << 20);
    DataFile file = harness.write("t", 1, 400, 1, 1000, 5000, 20000, 200_000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
    for (int kind = 0; kind < 4; kind++) {
      for (int round = 0; round < 3; round++) {
        for (int i = kind; i < 400; i += 4) {
          try (PinnedBlock block = cache.pin(attached, i * 4096L, 1)) {
            TestBlocks.check(block.segment(), 1, i * 4096L);
          }
        }
      }
    }
    assertEquals(0, cache.stats().transientReads(), "a class without an extent took another's");
  }

  @Test
  void cachesOfOneBudgetBothLend() throws Exception {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    SharedBus bus = harness.bus();
    PageCache first = harness.keep(PageCache.open(bus, budget, OPTIONS));
    PageCache second = PageCache.open(bus, budget, OPTIONS.withFrameBytesMax(4 << 20));
    DataFile data = harness.write("s", 1, 2_500, 1, 4096);
    BlockFile inFirst = harness.attach(first, data, new TestBlocks(1, data.path()));
    BlockFile inSecond = second.attach(data, 1, new TestBlocks(1, data.path()));
    for (int block = 0; block < 2_500; block++) {
      second.pin(inSecond, block * 4096L, 1).close();
      first.pin(inFirst, block * 4096L, 1).close();
    }
    assertEquals(4 << 20, second.stats().frameBytes());
    long both = first.stats().frameBytes() + second.stats().frameBytes();
    try (MemoryBudget.Account all = budget.open("all", 0)) {
      all.reserve(both);
      assertEquals(0, first.stats().frameBytes() + second.stats().frameBytes());
      all.release(both);
    }
    inSecond.close();
    second.close();
    for (int block = 0; block < 2_500; block++) {
      first.pin(inFirst, block * 4096L, 1).close();
    }
    long left = budget.available();
    try (MemoryBudget.Account more = budget.open("more", left + (2 << 20))) {
      assertEquals(left + (2 << 20), more.floor());
    }
  }

  @Test
  void hitMakesNoObject() throws Exception {
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 64, 1, 4000);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    for (int i = 0; i < 64; i++) {
      cache.pin(attached, i * 4096L, 1).close();
    }
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    // The least of several: until the compiler has come to it, each lease is an object.
    long least = Long.MAX_VALUE;
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (least >= 4 && System.nanoTime() - deadline < 0) {
      long before = threads.getCurrentThreadAllocatedBytes();
      long read = readAll(cache, attached, 1_000);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertEquals(64_000L * 4000, read);
      least = Math.min(least, allocated / 64_000);
    }
    assertTrue(least < 4, least + " bytes a hit");
  }

  private static long readAll(PageCache cache, BlockFile file, int rounds) throws Exception {
    long bytes = 0;
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 64; i++) {
        try (PinnedBlock block = cache.pin(file, i * 4096L, 1)) {
          bytes += block.length();
        }
      }
    }
    return bytes;
  }

  /// A file was attached twice. While a block that was read through one of both was published and not
  /// yet in the table, the other one was closed, which took the frame out of the table: an assertion
  /// failed, and a frame that nobody would ever find again was put there.
  @Test
  void aFileThatIsAttachedTwiceIsDetachedOnce() throws Exception {
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 64, 1, 4000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile kept = harness.attach(cache, file, blocks);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread reader =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    for (int i = 0; i < 30_000; i++) {
                      try (PinnedBlock block = cache.pin(kept, i % 64 * 4096L, 1)) {
                        assertEquals(4000, block.length());
                      }
                    }
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    while (reader.isAlive()) {
      cache.attach(file, 1, blocks).close();
    }
    assertNull(failure.get());
    try (PinnedBlock block = cache.pin(kept, 0, 1)) {
      TestBlocks.check(block.segment(), 1, 0);
    }
  }

  @Test
  void detachedFilesLeaveTheirFrames() throws Exception {
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 10, 1, 4000);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    cache.pin(attached, 4096, 1).close();
    PinnedBlock pinned = cache.pin(attached, 0, 1);
    attached.close();
    TestBlocks.check(pinned.segment(), 1, 0);
    assertEquals(4000, cache.stats().decodedBytes());
    pinned.close();
    assertThrows(IllegalStateException.class, () -> cache.pin(attached, 0, 1));
  }

  @Test
  void misuseIsRefused() throws Exception {
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 1, 1, 4000);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    assertThrows(IllegalArgumentException.class, () -> cache.pin(attached, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> cache.pin(attached, -4096, 1));
    assertThrows(IllegalArgumentException.class, () -> cache.pin(attached, 0, 0));
    MemoryBudget small = new MemoryBudget(1 << 20);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> PageCache.open(harness.bus(), small, OPTIONS));
    String message = requireNonNull(e.getMessage());
    assertTrue(message.contains("readers needs at least 2097152"), message);
    assertEquals(1 << 20, small.available());
  }
}
