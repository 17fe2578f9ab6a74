package dev.iobus.storage.page;

import static dev.iobus.storage.page.PageBed.FILE_ID;
import static dev.iobus.storage.page.PageBed.OPTIONS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pages that are changed in the cache, one version after the other.
class PageFileTest {

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
  void whoHasPinnedAPageKeepsItsVersion() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(0, 1, 10);
    try (PinnedBlock before = bed.cache().pin(bed.file().blocks(), 0, 1);
        PageEdit edit = bed.file().edit(0, 1)) {
      assertEquals(1, TestPages.number(edit.segment()));
      TestPages.fill(edit.segment(), 2);
      assertEquals(1, bed.get(0));
      edit.commit(20, 21);
      assertEquals(2, bed.get(0));
      assertEquals(1, TestPages.number(before.segment()));
      assertThrows(IllegalStateException.class, edit::segment);
      assertThrows(IllegalStateException.class, () -> edit.commit(20, 21));
    }
    try (PageEdit abandoned = bed.file().edit(0, 1)) {
      TestPages.fill(abandoned.segment(), 3);
    }
    assertEquals(2, bed.get(0));
    assertEquals(1, bed.file().dirtyPages());
    assertEquals(4096, bed.cache().stats().dirtyBytes());
    // What a reader had pinned is left to the clock; other versions are given back at once.
    assertEquals(8192, bed.cache().stats().loadedBytes());
    bed.put(0, 3, 30);
    assertEquals(8192, bed.cache().stats().loadedBytes());
  }

  /// The reader before had missed, and so pinned in the frame's word; who hits pins in a slot.
  @Test
  void whoHasHitAPageKeepsItsVersion() throws Exception {
    PageBed bed = PageBed.open(harness, 1 << 20);
    bed.put(0, 1, 10);
    bed.file().flush();
    try (PinnedBlock before = bed.cache().pin(bed.file().blocks(), 0, 1)) {
      assertEquals(1, bed.cache().stats().hits());
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
    DataFile data = harness.write("pages", FILE_ID, 2, 1, 4000, 262_145);
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
    PageCache cache = harness.cache(16 << 20, OPTIONS);
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

  /// A read of the file that began before a commit must not bring the old version back after it.
  @Test
  void aReadThatRunsDoesNotHideACommit() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(0, 1, 10);
    bed.file().close();
    PageFile again = bed.cache().attachPages(bed.data(), FILE_ID, bed.codec(), bed.log());
    harness.keep(again::discard);
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    bed.codec().beforeDecode.set(
        () -> {
          reading.countDown();
          TestThread.await(goOn);
        });
    assertTrue(bed.cache().prefetch(again.blocks(), 0, 1));
    TestThread.await(reading);
    TestThread writer =
        TestThread.startPlatform(
            () -> {
              try (PageEdit edit = again.create(0, 1, TestPages.LENGTH)) {
                TestPages.fill(edit.segment(), 2);
                edit.commit(20, 21);
              }
            });
    // The commit waits for the read; one that does not has ended by then.
    writer.awaitWaiting();
    // Nobody may pin the new version while others would still find an old one.
    assertEquals(0, bed.cache().stats().loadedBytes());
    goOn.countDown();
    writer.join();
    for (int i = 0; i < 20; i++) {
      try (PinnedBlock pinned = bed.cache().pin(again.blocks(), 0, 1)) {
        assertEquals(2, TestPages.number(pinned.segment()));
      }
      Thread.sleep(1);
    }
  }

  @Test
  void withEveryFramePinnedThereIsNoEdit() throws Exception {
    PageBed bed = PageBed.open(harness, 1 << 20);
    for (int page = 0; page < 300; page++) {
      bed.put(page, page, page);
    }
    bed.file().flush();
    List<PinnedBlock> pinned = new ArrayList<>();
    for (int page = 0; page < 256; page++) {
      pinned.add(bed.cache().pin(bed.file().blocks(), page * 4096L, 1));
    }
    assertThrows(MemoryLimitException.class, () -> bed.file().edit(0, 1));
    assertThrows(MemoryLimitException.class, () -> bed.file().create(0, 1, TestPages.LENGTH));
    pinned.removeLast().close();
    bed.file().edit(0, 1).close();
    pinned.forEach(PinnedBlock::close);
  }

  @Test
  void oneEditOfAPageAtATime() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(0, 1, 10);
    PageEdit first = bed.file().edit(0, 1);
    assertThrows(IllegalStateException.class, bed.file()::close);
    CountDownLatch started = new CountDownLatch(1);
    TestThread second =
        TestThread.startPlatform(
            () -> {
              started.countDown();
              try (PageEdit edit = bed.file().edit(0, 1)) {
                TestPages.fill(edit.segment(), TestPages.number(edit.segment()) + 100);
                edit.commit(20, 21);
              }
            });
    TestThread.await(started);
    bed.file().create(4096 * 7, 1, TestPages.LENGTH).close();
    TestPages.fill(first.segment(), 2);
    first.commit(15, 16);
    second.join();
    assertEquals(102, bed.get(0));
  }

  @Test
  void whatIsDiscardedIsForgotten() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    bed.put(0, 1, 10);
    bed.file().flush();
    bed.put(0, 2, 20);
    try (PinnedBlock pinned = bed.cache().pin(bed.file().blocks(), 0, 1)) {
      bed.file().discard();
      assertEquals(2, TestPages.number(pinned.segment()));
      PageFile again = bed.cache().attachPages(bed.data(), FILE_ID, bed.codec(), bed.log());
      try (PinnedBlock read = bed.cache().pin(again.blocks(), 0, 1)) {
        assertEquals(1, TestPages.number(read.segment()));
      }
      again.close();
    }
  }

  @Test
  void misuseIsRefused() throws Exception {
    PageBed bed = PageBed.open(harness, 2 << 20);
    assertThrows(IllegalArgumentException.class, () -> bed.file().edit(1, 1));
    assertThrows(IllegalArgumentException.class, () -> bed.file().create(0, 17, 1));
    assertThrows(IllegalArgumentException.class, () -> bed.file().create(0, 1, (256 << 10) + 1));
    assertThrows(IllegalStateException.class, bed.file().blocks()::close);
    try (PageEdit edit = bed.file().create(0, 1, TestPages.LENGTH)) {
      assertThrows(IllegalArgumentException.class, () -> edit.commit(5, 4));
      assertThrows(IllegalArgumentException.class, () -> edit.commit(-1, 4));
    }
    bed.put(0, 1, 1);
    try (PinnedBlock around = bed.cache().readAround(bed.file().blocks(), 0, 1)) {
      assertEquals(1, TestPages.number(around.segment()));
    }
    IllegalStateException e = assertThrows(IllegalStateException.class, bed.cache()::close);
    assertTrue(String.valueOf(e.getMessage()).startsWith("1 blocks"), e.toString());
  }
}
