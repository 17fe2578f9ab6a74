package dev.iobus.storage.page;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.OpenFlag;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCacheTest {

  private static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(2);

  @TempDir Path temp;

  private final List<AutoCloseable> open = new ArrayList<>();
  private SharedBus bus = TestBus.open(BackendKind.NIO);
  private @Nullable DataDirectory directory;

  private DataDirectory directory() throws Exception {
    DataDirectory opened = directory;
    if (opened == null) {
      opened = keep(DataDirectory.open(bus, temp.resolve("data")));
      directory = opened;
    }
    return opened;
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.add(resource);
    return resource;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable resource : open.reversed()) {
      resource.close();
    }
    bus.close();
  }

  /// Lets others run: a virtual thread that spins would hold a lone carrier for ever.
  private static void pause() {
    LockSupport.parkNanos(100_000);
  }

  private PageCache cache(long budgetBytes) throws Exception {
    return keep(PageCache.open(bus, new MemoryBudget(budgetBytes), OPTIONS));
  }

  private BlockFile attach(PageCache cache, DataFile file, TestBlocks blocks) {
    return keep(cache.attach(file, blocks.fileId, blocks));
  }

  @Test
  void secondPinIsAHitOnTheSameBytes() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 4, 1, 5000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = attach(cache, file, blocks);
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
        cache(8 << 20).stats().ioBuffers());
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
    CacheAccounts small =
        CacheAccounts.open(budget, OPTIONS.withIoBufferBytes(64 << 10), bus.scheduler());
    long withSmall = budget.available();
    small.close(64 << 10);
    CacheAccounts large =
        CacheAccounts.open(budget, OPTIONS.withIoBufferBytes(1 << 30), bus.scheduler());
    long pages = ((1 << 30) - (64 << 10)) / 4096;
    assertEquals(withSmall - 4096 * pages - pages / 8, budget.available());
    large.close(1 << 30);
  }

  /// A look-up takes no lock and may miss a frame that is there, as here where its chain is long: two
  /// frames of one block would go apart.
  @Test
  void aBlockThatALookUpMissesIsNotReadAgain() throws Exception {
    int chains = 1024;
    List<Long> offsets = new ArrayList<>();
    for (long offset = 0; offsets.size() < 66; offset += 4096) {
      if ((FrameTable.hash(1, offset) >>> 32) % chains == 0) {
        offsets.add(offset);
      }
    }
    directory();
    try (var sparse = new RandomAccessFile(temp.resolve("data/t").toFile(), "rw")) {
      sparse.setLength(offsets.getLast() + 4096);
    }
    PageCache cache =
        keep(PageCache.open(bus, new MemoryBudget(8 << 20), OPTIONS.withFrameBytesMax(1 << 20)));
    DataFile file = keep(directory().open("t", false, OpenFlag.READ));
    BlockFile attached = keep(cache.attach(file, 1, new Zeros()));
    for (long offset : offsets) {
      cache.pin(attached, offset, 1).close();
    }
    assertEquals(66, cache.stats().misses());
    cache.pin(attached, offsets.getFirst(), 1).close();
    assertEquals(66, cache.stats().misses());
    assertEquals(1, cache.stats().hits());
  }

  /// Blocks without a checksum that decode to sixteen bytes.
  private static final class Zeros implements BlockDecoder {
    @Override
    public int verify(MemorySegment stored, long offset) {
      return 16;
    }

    @Override
    public void decode(MemorySegment stored, long offset, MemorySegment frame) {
      frame.copyFrom(stored.asSlice(0, 16));
    }
  }

  @Test
  void emptyLargeAndHugeBlocksAreReadWhole() throws Exception {
    PageCache cache = cache(64 << 20);
    // 200 pages are more than the slab of 64; 1.2 MB decode past the largest frame.
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 4, 200, 0, 262_144, 262_145, 1_200_000));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
    int[] lengths = {0, 262_144, 262_145, 1_200_000};
    for (int i = 0; i < 4; i++) {
      long offset = i * 200L * 4096;
      try (PinnedBlock block = cache.pin(attached, offset, 200)) {
        assertEquals(lengths[i], block.length());
        TestBlocks.check(block.segment(), 1, offset);
      }
    }
    assertEquals(2, cache.stats().transientReads());
  }

  @Test
  void damagedBlockIsReportedAndReadAgain() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 2, 1, 4096));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
    try (Arena arena = Arena.ofShared();
        DataFile writer = directory().open("t", false, OpenFlag.WRITE)) {
      MemorySegment saved = arena.allocate(4096);
      writer.readFully(saved, 4096);
      writer.writeFully(arena.allocate(8).fill((byte) 1), 4096 + 100, WriteFlag.NONE);
      for (int i = 0; i < 2; i++) {
        CorruptionException e =
            assertThrows(CorruptionException.class, () -> cache.pin(attached, 4096, 1));
        assertEquals(file.path(), e.file());
        assertEquals(4096, e.offset());
      }
      assertEquals(0, cache.stats().decodedBytes());
      writer.writeFully(saved, 4096, WriteFlag.NONE);
      cache.pin(attached, 4096, 1).close();
    }
    CorruptionException past =
        assertThrows(CorruptionException.class, () -> cache.pin(attached, 8192, 1));
    assertEquals(8192, past.offset());
  }

  @Test
  void pinAllPinsAllOrNone() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 300, 1, 3000, 9000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = attach(cache, file, blocks);
    int count = 200;
    BlockFile[] files = new BlockFile[count];
    long[] offsets = new long[count];
    int[] pages = new int[count];
    @Nullable PinnedBlock[] into = new @Nullable PinnedBlock[count];
    for (int i = 0; i < count; i++) {
      files[i] = attached;
      offsets[i] = i / 2 * 3L * 4096; // Each block twice.
      pages[i] = 1;
    }
    cache.pin(attached, 0, 1).close();
    cache.pinAll(files, offsets, pages, count, into);
    for (int i = 0; i < count; i++) {
      TestBlocks.check(requireNonNull(into[i]).segment(), 1, offsets[i]);
    }
    assertEquals(100, blocks.verified.get());
    for (PinnedBlock block : into) {
      requireNonNull(block).close();
    }
    offsets[77] = 1_000_000 * 4096L;
    offsets[150] = 299 * 4096L;
    assertThrows(
        CorruptionException.class, () -> cache.pinAll(files, offsets, pages, count, into));
    for (PinnedBlock block : into) {
      assertNull(block);
    }
    // Nothing is left pinned: the cache closes, and its reads are ended.
    attached.close();
    cache.close();
  }

  @Test
  void callersThatMissOneBlockShareOneRead() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 2, 1, 4000, 400_000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = attach(cache, file, blocks);
    for (long offset : new long[] {0, 4096}) {
      shareOneRead(cache, attached, blocks, offset, 16);
    }
    assertEquals(2, blocks.verified.get());
    assertEquals(1, cache.stats().transientReads());
  }

  private static void shareOneRead(
      PageCache cache, BlockFile file, TestBlocks blocks, long offset, int callers)
      throws Exception {
    long before = cache.stats().sharedMisses();
    blocks.pause.set(
        () -> {
          while (cache.stats().sharedMisses() < before + callers - 1) {
            pause();
          }
        });
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      Runnable body =
          () -> {
            try (PinnedBlock block = cache.pin(file, offset, 1)) {
              TestBlocks.check(block.segment(), 1, offset);
            } catch (Throwable e) {
              failure.set(e);
            }
          };
      threads.add(i % 2 == 0 ? Thread.ofVirtual().start(body) : Thread.ofPlatform().start(body));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    blocks.pause.set(null);
    assertNull(failure.get());
  }

  @Test
  void allWhoWaitForADamagedBlockGetTheSameError() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 1, 1, 4000));
    TestBlocks wrongId = new TestBlocks(2, file.path());
    BlockFile attached = attach(cache, file, wrongId);
    int callers = 8;
    wrongId.pause.set(
        () -> {
          while (cache.stats().sharedMisses() < callers - 1) {
            pause();
          }
        });
    List<Throwable> errors = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      cache.pin(attached, 0, 1).close();
                    } catch (Throwable e) {
                      errors.add(e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(callers, errors.size());
    for (Throwable error : errors) {
      assertSame(errors.getFirst(), error);
    }
    assertSame(CorruptionException.class, errors.getFirst().getClass());
    assertEquals(1, wrongId.verified.get());
  }

  /// A decoder that throws whatever it likes, once: all who wait for the block get that, nothing stays
  /// pinned, and the next call reads again.
  @Test
  void aDecoderThatThrowsIsToldToAllAndLeavesNothing() throws Exception {
    PageCache cache = PageCache.open(bus, new MemoryBudget(8 << 20), OPTIONS);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 8, 1, 4000, 300_000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    List<Throwable> planned =
        List.of(
            new IllegalStateException("planned"),
            new AssertionError("planned"),
            new StackOverflowError("planned"));
    AtomicReference<@Nullable Throwable> next = new AtomicReference<>();
    AtomicLong joined = new AtomicLong();
    BlockDecoder decoder =
        new BlockDecoder() {
          @Override
          public int verify(MemorySegment stored, long offset) throws CorruptionException {
            return blocks.verify(stored, offset);
          }

          @Override
          public void decode(MemorySegment stored, long offset, MemorySegment frame) {
            blocks.decode(stored, offset, frame);
            while (next.get() != null && cache.stats().sharedMisses() < joined.get()) {
              pause();
            }
            switch (next.getAndSet(null)) {
              case null -> {}
              case RuntimeException e -> throw e;
              case Error e -> throw e;
              case Throwable e -> throw new AssertionError(e);
            }
          }
        };
    BlockFile attached = cache.attach(file, 1, decoder);
    for (Throwable failure : planned) {
      for (long offset : new long[] {0, 4096}) { // One that fits a frame, and one that does not.
        joined.addAndGet(2);
        next.set(failure);
        List<Throwable> told = Collections.synchronizedList(new ArrayList<>());
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          readers.add(
              Thread.ofVirtual()
                  .start(
                      () -> {
                        try {
                          cache.pin(attached, offset, 1).close();
                        } catch (Throwable e) {
                          told.add(e);
                        }
                      }));
        }
        for (Thread reader : readers) {
          reader.join();
        }
        assertEquals(List.of(failure, failure, failure), told);
        assertEquals(0, cache.stats().loadedBytes());
        try (PinnedBlock block = cache.pin(attached, offset, 1)) {
          TestBlocks.check(block.segment(), 1, offset);
        }
        cache.detach(attached);
      }
    }
    attached.close();
    cache.close(); // No lease is open.
  }

  @Test
  void pinnedFramesAreNotEvictedAndReadersGoOn() throws Exception {
    // Floors: slab 256 KiB, table 64 KiB, readers 2 MiB; left for frames: one extent.
    PageCache cache = cache((256 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 20, 1, 256 << 10));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
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
    PageCache cache = cache((256 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 40, 1, 256 << 10));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
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
    PageCache cache = cache((256 << 10) + (2 << 20) + (64 << 10) + (1 << 20));
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 64, 1, 16 << 10));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
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
    PageCache cache = cache(4 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 400, 1, 1000, 5000, 20000, 200_000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = attach(cache, file, blocks);
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
    PageCache first = keep(PageCache.open(bus, budget, OPTIONS));
    PageCache second = PageCache.open(bus, budget, OPTIONS.withFrameBytesMax(4 << 20));
    DataFile data = keep(TestBlocks.write(directory(), "s", 1, 2_500, 1, 4096));
    BlockFile inFirst = attach(first, data, new TestBlocks(1, data.path()));
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
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 64, 1, 4000));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
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
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 64, 1, 4000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile kept = attach(cache, file, blocks);
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
  void aroundReadsLeaveNoTrace() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 10, 1, 4000));
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = attach(cache, file, blocks);
    for (int i = 0; i < 10; i++) {
      try (PinnedBlock block = cache.readAround(attached, i * 4096L, 1)) {
        TestBlocks.check(block.segment(), 1, i * 4096L);
      }
    }
    assertEquals(0, cache.stats().frameBytes());
    try (PinnedBlock kept = cache.pin(attached, 0, 1);
        PinnedBlock around = cache.readAround(attached, 0, 1)) {
      assertEquals(kept.segment().address(), around.segment().address());
    }
    assertEquals(11, blocks.verified.get());
  }

  @Test
  void detachedFilesLeaveTheirFrames() throws Exception {
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 10, 1, 4000));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
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
    PageCache cache = cache(8 << 20);
    DataFile file = keep(TestBlocks.write(directory(), "t", 1, 1, 1, 4000));
    BlockFile attached = attach(cache, file, new TestBlocks(1, file.path()));
    assertThrows(IllegalArgumentException.class, () -> cache.pin(attached, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> cache.pin(attached, -4096, 1));
    assertThrows(IllegalArgumentException.class, () -> cache.pin(attached, 0, 0));
    MemoryBudget small = new MemoryBudget(1 << 20);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> PageCache.open(bus, small, OPTIONS));
    String message = requireNonNull(e.getMessage());
    assertTrue(message.contains("readers needs at least 2097152"), message);
    assertEquals(1 << 20, small.available());
  }
}
