package dev.iobus.storage.page;

import static dev.iobus.storage.page.CacheHarness.OPTIONS;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.OpenFlag;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Blocks that are read because a caller needs them: by one for all, whole or not at all.
class BlockFetchTest {

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

  /// Lets others run: a virtual thread that spins would hold a lone carrier for ever.
  private static void pause() {
    LockSupport.parkNanos(100_000);
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
    Path path = harness.directory().path().resolve("t");
    try (var sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(offsets.getLast() + 4096);
    }
    PageCache cache = harness.cache(8 << 20, OPTIONS.withFrameBytesMax(1 << 20));
    DataFile file = harness.keep(harness.directory().open("t", false, OpenFlag.READ));
    BlockFile attached = harness.keep(cache.attach(file, 1, new Zeros()));
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
    PageCache cache = harness.cache(64 << 20);
    // 200 pages are more than the slab of 64; 1.2 MB decode past the largest frame.
    DataFile file = harness.write("t", 1, 4, 200, 0, 262_144, 262_145, 1_200_000);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
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
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 2, 1, 4096);
    BlockFile attached = harness.attach(cache, file, new TestBlocks(1, file.path()));
    try (Arena arena = Arena.ofShared();
        DataFile writer = harness.directory().open("t", false, OpenFlag.WRITE)) {
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
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 300, 1, 3000, 9000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
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
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 2, 1, 4000, 400_000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
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
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 1, 1, 4000);
    TestBlocks wrongId = new TestBlocks(2, file.path());
    BlockFile attached = harness.attach(cache, file, wrongId);
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
    PageCache cache = PageCache.open(harness.bus(), new MemoryBudget(8 << 20), OPTIONS);
    DataFile file = harness.write("t", 1, 8, 1, 4000, 300_000);
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
  void aroundReadsLeaveNoTrace() throws Exception {
    PageCache cache = harness.cache(8 << 20);
    DataFile file = harness.write("t", 1, 10, 1, 4000);
    TestBlocks blocks = new TestBlocks(1, file.path());
    BlockFile attached = harness.attach(cache, file, blocks);
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
}
