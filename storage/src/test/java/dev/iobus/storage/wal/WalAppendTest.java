package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Appends in one call, and the ways to learn that they are safe.
@Timeout(60)
class WalAppendTest {

  private static final List<Durability> DURABILITIES = List.of(Durability.values());

  @TempDir Path path;

  @Test
  void appendReturnsWhatToWaitFor() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long end = wal.append(heap(record(0, 100)));
      assertEquals(wal.tail(), end);
      assertTrue(wal.durableLsn() < end);
      wal.await(end, Durability.SYNCED);
      assertTrue(wal.durableLsn() >= end);
      long long1 = wal.append(heap(record(1, 100_000)), Durability.SYNCED);
      assertTrue(wal.durableLsn() >= long1);
      log.crash();
      log.open();
      assertEquals(2, log.recovered.size());
      assertArrayEquals(record(1, 100_000), log.recovered.get(1));
      assertEquals(List.of(end, long1), log.recoveredEnds);
    }
  }

  @Test
  void appendIsWrittenWithoutBeingAskedFor() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long end = wal.append(heap(record(0, 100)));
      try (WalReader reader = wal.reader(0, Durability.WRITTEN)) {
        assertTrue(reader.next(TimeUnit.SECONDS.toNanos(30)));
        assertEquals(end, reader.end());
      }
    }
  }

  @Test
  void listIsAppendedInOrder() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      List<MemorySegment> batch = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        batch.add(heap(record(i, i % 50 == 7 ? 40_000 : i * 5)));
      }
      long end = wal.append(batch);
      assertEquals(wal.tail(), end);
      wal.await(end, Durability.SYNCED);
      assertEquals(200, wal.stats().records());
      log.crash();
      log.open();
      assertEquals(200, log.recovered.size());
      for (int i = 0; i < 200; i++) {
        assertArrayEquals(record(i, i % 50 == 7 ? 40_000 : i * 5), log.recovered.get(i));
      }
      assertEquals(end, log.recoveredEnds.getLast());
    }
  }

  @Test
  void badListAppendsNothing() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY);
        Wal wal = log.open()) {
      long tail = wal.tail();
      assertThrows(IllegalArgumentException.class, () -> wal.append(List.of()));
      MemorySegment huge = MemorySegment.ofAddress(8).reinterpret(Wal.MAX_RECORD_BYTES + 1L);
      assertThrows(
          IllegalArgumentException.class,
          () -> wal.append(List.of(heap(record(0, 10)), huge)));
      assertThrows(IllegalArgumentException.class, () -> wal.append(huge));
      assertEquals(tail, wal.tail());
    }
  }

  @Test
  void callbacksRunInOrderWithoutAnyTaskThatWaits() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      BlockingQueue<Long> told = new ArrayBlockingQueue<>(1000);
      List<Long> expected = new ArrayList<>();
      try (Wal wal = log.open()) {
        for (int i = 0; i < 300; i++) {
          long end = wal.append(heap(record(i, 100)));
          expected.add(end);
          wal.whenReached(
              end,
              Durability.SYNCED,
              (lsn, failure) -> {
                assertNull(failure);
                assertTrue(wal.durableLsn() >= lsn);
                told.add(lsn);
              });
        }
        for (long each : expected) {
          assertEquals(each, told.poll(30, TimeUnit.SECONDS));
        }
        assertTrue(wal.stats().meanGroupRecords() > 1, wal.stats().toString());
      }
    }
  }

  @Test
  void closeRunsAllCallbacksFirst() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      List<Long> told = new ArrayList<>();
      Wal wal = log.open();
      for (int i = 0; i < 20; i++) {
        long end = wal.append(heap(record(i, 2000)));
        wal.whenReached(end, DURABILITIES.get(i % 3), (lsn, failure) -> told.add(lsn));
      }
      wal.close();
      assertEquals(20, told.size());
      assertThrows(
          IllegalStateException.class,
          () -> wal.whenReached(0, Durability.SYNCED, (lsn, failure) -> {}));
    }
  }

  @Test
  void callbackMayAppendAndWaitButNotClose() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY);
        Wal wal = log.open()) {
      AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
      CountDownLatch done = new CountDownLatch(2);
      // Two, so that the second is to be led for while the first runs and waits by itself.
      for (int i = 0; i < 2; i++) {
        wal.whenReached(
            wal.append(heap(record(i, 100))),
            Durability.SYNCED,
            (lsn, failure) -> {
              try {
                for (int more = 0; more < 20; more++) {
                  long end = wal.append(heap(record(more, 5000)));
                  wal.whenReached(end, Durability.SYNCED, (a, b) -> {});
                  wal.await(end, Durability.SYNCED);
                }
                assertThrows(IllegalStateException.class, wal::close);
              } catch (Throwable t) {
                wrong.set(t);
              }
              done.countDown();
            });
      }
      assertTrue(done.await(30, TimeUnit.SECONDS));
      assertNull(wrong.get());
    }
  }

  @Test
  void stageCompletes() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY);
        Wal wal = log.open()) {
      long end = wal.append(heap(record(0, 100)));
      long reached =
          wal.whenReached(end, Durability.SYNCED)
              .toCompletableFuture()
              .get(30, TimeUnit.SECONDS);
      assertEquals(end, reached);
      assertTrue(wal.durableLsn() >= end);
      assertThrows(
          IllegalArgumentException.class, () -> wal.whenReached(end + 8, Durability.SYNCED));
    }
  }

  @Test
  void failureReachesStagesAndCallbacks() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long safe = wal.append(heap(record(0, 100)), Durability.SYNCED);
      long end = wal.append(heap(record(1, 100)));
      wal.failForTest();
      var stage = wal.whenReached(end, Durability.SYNCED).toCompletableFuture();
      CompletionException thrown = assertThrows(CompletionException.class, stage::join);
      assertInstanceOf(WalFailedException.class, thrown.getCause());
      BlockingQueue<Object> told = new ArrayBlockingQueue<>(2);
      wal.whenReached(end, Durability.WRITTEN, (lsn, failure) -> told.add(String.valueOf(failure)));
      wal.whenReached(safe, Durability.SYNCED, (lsn, failure) -> told.add(String.valueOf(failure)));
      assertTrue(
          String.valueOf(told.poll(30, TimeUnit.SECONDS)).contains("failed and takes no more"));
      assertEquals("null", told.poll(30, TimeUnit.SECONDS));
    }
  }

  /// A record in memory that its caller may not read took a place that was never filled: from then
  /// on nothing was written, and the close waited for ever.
  @Test
  void memoryThatCannotBeReadTakesNoPlace() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int length : new int[] {100, 5_000, 100_000}) {
        MemorySegment gone = gone(length);
        long tail = wal.tail();
        assertThrows(IllegalStateException.class, () -> wal.append(gone));
        assertThrows(
            IllegalStateException.class, () -> wal.append(List.of(heap(record(9, 100)), gone)));
        assertEquals(tail, wal.tail());
        wal.append(heap(record(length, length)), Durability.SYNCED);
      }
      log.crash();
      log.open();
      assertEquals(3, log.recovered.size());
      assertArrayEquals(record(100_000, 100_000), log.recovered.get(2));
    }
  }

  @Test
  void memoryThatGoesWhileItIsAppendedEndsTheLog() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      wal.append(heap(record(0, 100)), Durability.SYNCED);
      // One after the other: looked at, measured, and put.
      Iterator<MemorySegment> given =
          List.of(heap(new byte[90]), heap(new byte[90]), gone(90)).iterator();
      List<MemorySegment> changing =
          new AbstractList<>() {
            @Override
            public MemorySegment get(int index) {
              return given.next();
            }

            @Override
            public int size() {
              return 1;
            }
          };
      assertThrows(IllegalStateException.class, () -> wal.append(changing));
      WalFailedException failed =
          assertThrows(WalFailedException.class, () -> wal.append(heap(record(1, 100))));
      assertTrue(String.valueOf(failed.getCause()).contains("not put there"), failed.toString());
      assertThrows(WalFailedException.class, wal::sync);
      assertThrows(WalFailedException.class, wal::close);
      log.open();
      assertEquals(1, log.recovered.size());
    }
  }

  @Test
  void placeThatIsGivenUpEndsTheLog() throws Exception {
    for (int length : new int[] {100, 100_000}) {
      try (LogHarness log = new LogHarness(path.resolve("log" + length), LogHarness.TINY)) {
        Wal wal = log.open();
        wal.append(heap(record(0, 100)), Durability.SYNCED);
        Place place = wal.reserve(wal.acquire(length));
        CompletableFuture<?> behind =
            wal.whenReached(place.end(), Durability.SYNCED).toCompletableFuture();
        place.abandon();
        place.abandon();
        assertInstanceOf(
            WalFailedException.class,
            assertThrows(CompletionException.class, behind::join).getCause());
        assertThrows(WalFailedException.class, wal::sync);
        assertThrows(WalFailedException.class, wal::close);
        log.open();
        assertEquals(1, log.recovered.size());
      }
    }
  }

  private static MemorySegment gone(int length) {
    try (Arena arena = Arena.ofConfined()) {
      return arena.allocate(length);
    }
  }

  private static MemorySegment heap(byte[] bytes) {
    return MemorySegment.ofArray(bytes);
  }
}
