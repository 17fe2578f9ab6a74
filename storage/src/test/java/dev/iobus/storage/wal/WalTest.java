package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.append;
import static dev.iobus.storage.wal.LogHarness.number;
import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WalTest {

  @TempDir Path path;

  @Test
  void recordsComeBackInOrder() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      try (Wal wal = log.open()) {
        for (int i = 0; i < 100; i++) {
          append(wal, record(i, i * 7), Durability.SYNCED);
        }
        assertEquals(wal.tail(), wal.durableLsn());
      }
      try (Wal wal = log.open()) {
        assertInstanceOf(WalTail.Clean.class, wal.recovered());
        assertEquals(100, log.recovered.size());
        for (int i = 0; i < 100; i++) {
          assertArrayEquals(record(i, i * 7), log.recovered.get(i));
        }
      }
    }
  }

  /// A record was in the log before it was refused, and none was named.
  @Test
  void aDurabilityIsNeeded() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      long tail = wal.tail();
      MemorySegment record = MemorySegment.ofArray(record(0, 100));
      assertNeedsDurability(() -> wal.append(record, none()));
      assertEquals(tail, wal.tail());
      assertNeedsDurability(() -> wal.await(tail, none()));
      assertNeedsDurability(() -> wal.whenReached(tail, none()));
      assertNeedsDurability(() -> wal.whenReached(tail, none(), (lsn, failure) -> {}));
    }
  }

  private static void assertNeedsDurability(Executable call) {
    assertEquals("durability", assertThrows(NullPointerException.class, call).getMessage());
  }

  /// What a caller without its checks may pass.
  @SuppressWarnings("NullAway")
  private static Durability none() {
    return null;
  }

  @Test
  void emptyRecordIsARecord() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      try (Wal wal = log.open()) {
        append(wal, new byte[0], Durability.SYNCED);
      }
      log.open();
      assertEquals(1, log.recovered.size());
      assertEquals(0, log.recovered.getFirst().length);
    }
  }

  @Test
  void syncedRecordsSurviveACrashAndAppendsGoOn() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      long next = 0;
      for (int epoch = 0; epoch < 5; epoch++) {
        Wal wal = log.open();
        assertEquals(next, log.recovered.size());
        for (int i = 0; i < 40; i++) {
          append(wal, record(next++, 3000), Durability.SYNCED);
        }
        log.crash();
      }
      log.open();
      for (int i = 0; i < next; i++) {
        assertArrayEquals(record(i, 3000), log.recovered.get(i));
      }
    }
  }

  @Test
  void recordLongerThanSegmentsIsWhole() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      try (Wal wal = log.open()) {
        append(wal, record(1, 10), Durability.BUFFERED);
        append(wal, record(2, 1_000_000), Durability.SYNCED);
        append(wal, record(3, 16_000), Durability.BUFFERED);
        append(wal, record(4, 200_001), Durability.BUFFERED);
        append(wal, record(5, 20), Durability.SYNCED);
      }
      log.open();
      assertEquals(5, log.recovered.size());
      assertArrayEquals(record(2, 1_000_000), log.recovered.get(1));
      assertArrayEquals(record(4, 200_001), log.recovered.get(3));
      assertArrayEquals(record(5, 20), log.recovered.get(4));
    }
  }

  @Test
  void tooLongRecordIsRefused() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults());
        Wal wal = log.open()) {
      assertThrows(
          IllegalArgumentException.class, () -> wal.acquire(Wal.MAX_RECORD_BYTES + 1));
    }
  }

  @Test
  void releasedSegmentsAreUsedAgain() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      long held = 0;
      try (Wal wal = log.open()) {
        for (int i = 0; i < 2000; i++) {
          held = append(wal, record(i, 1000), Durability.SYNCED);
          wal.release(held);
        }
        assertTrue(wal.stats().segmentsReused() > 10, wal.stats().toString());
        assertTrue(log.segments().size() <= 6, log.segments().toString());
        assertEquals(0, wal.retainedBytes());
        append(wal, record(77, 10), Durability.SYNCED);
      }
      log.open(new WalStart(held, held));
      assertEquals(1, log.recovered.size());
      assertEquals(77, number(log.recovered.getFirst()));
    }
  }

  @Test
  void whatIsNotInTheLogIsNotReleased() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults());
        Wal wal = log.open()) {
      long end = append(wal, record(0, 100), Durability.SYNCED);
      long retained = wal.retainedBytes();
      for (long lsn : outside(wal)) {
        assertNotInLog(wal, lsn, () -> wal.release(lsn));
      }
      assertEquals(retained, wal.retainedBytes());
      wal.release(0);
      wal.release(end);
      assertTrue(wal.retainedBytes() < retained);
    }
  }

  /// A negative LSN was durable before anything was, and one behind the tail `BUFFERED` while anything
  /// waited to be written.
  @Test
  void whatIsNotInTheLogIsNotWaitedFor() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults());
        Wal wal = log.open()) {
      for (int i = 0; i < 2; i++) {
        for (long lsn : outside(wal)) {
          for (Durability durability : Durability.values()) {
            assertNotInLog(wal, lsn, () -> wal.await(lsn, durability));
            assertNotInLog(
                wal, lsn, () -> wal.whenReached(lsn, durability, (reached, failure) -> {}));
          }
        }
        wal.append(MemorySegment.ofArray(record(i, 100)));
      }
      wal.await(0, Durability.SYNCED);
      wal.await(wal.tail(), Durability.SYNCED);
    }
  }

  private static long[] outside(Wal wal) {
    return new long[] {-1, Long.MIN_VALUE, wal.tail() + 1};
  }

  private static void assertNotInLog(Wal wal, long lsn, Executable call) {
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, call);
    assertEquals("LSN " + lsn + " is not in 0 to the tail " + wal.tail(), refused.getMessage());
  }

  @Test
  void writtenThenSyncedCoversBoth() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      long written = append(wal, record(0, 100), Durability.WRITTEN);
      assertTrue(wal.durableLsn() < written);
      long synced = append(wal, record(1, 100), Durability.SYNCED);
      assertTrue(wal.durableLsn() >= synced);
      append(wal, record(2, 100), Durability.WRITTEN);
      wal.sync();
      assertEquals(wal.tail(), wal.durableLsn());
      log.crash();
      log.open();
      assertEquals(3, log.recovered.size());
    }
  }

  @Test
  void bufferedRecordIsWrittenSoon() throws Exception {
    try (LogHarness log =
        new LogHarness(path, WalOptions.defaults().withDurability(Durability.BUFFERED))) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.BUFFERED);
      while (wal.stats().groups() == 0) {
        Thread.sleep(1);
      }
      log.crash();
      log.open();
      assertEquals(1, log.recovered.size());
    }
  }

  @Test
  void manyThreadsShareSyncs() throws Exception {
    shareSyncs(Executors.newFixedThreadPool(64), 64, 50);
  }

  @Test
  void manyVirtualThreadsShareSyncs() throws Exception {
    shareSyncs(Executors.newVirtualThreadPerTaskExecutor(), 500, 10);
  }

  private void shareSyncs(ExecutorService threads, int writers, int each) throws Exception {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      ReentrantLock order = new ReentrantLock();
      AtomicLong sequence = new AtomicLong();
      List<Future<?>> running = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    Permit permit = wal.acquire(200);
                    long number;
                    Place place;
                    order.lock();
                    try {
                      number = sequence.getAndIncrement();
                      place = wal.reserve(permit);
                    } finally {
                      order.unlock();
                    }
                    place.put(0, LogHarness.direct(record(number, 200)), 0, 200);
                    place.fill();
                    wal.await(place.end(), Durability.SYNCED);
                    assertTrue(wal.durableLsn() >= place.end());
                  }
                  return null;
                }));
      }
      for (Future<?> each1 : running) {
        each1.get(50, TimeUnit.SECONDS);
      }
      threads.shutdown();
      WalStats stats = wal.stats();
      assertTrue(stats.meanGroupRecords() > 2, stats.toString());
      log.crash();
      log.open();
      assertEquals((long) writers * each, log.recovered.size());
      for (int i = 0; i < log.recovered.size(); i++) {
        assertArrayEquals(record(i, 200), log.recovered.get(i));
      }
    }
  }

  @Test
  void interruptEndsNoWait() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      Thread.currentThread().interrupt();
      append(wal, record(0, 100), Durability.SYNCED);
      assertTrue(Thread.interrupted(), "the flag stays set");
    }
  }

  @Test
  void closedPermitGivesItsRoomBack() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY);
        Wal wal = log.open()) {
      for (int i = 0; i < 100; i++) {
        wal.acquire(10_000).close();
        wal.acquire(100_000).close();
      }
      append(wal, record(0, 10_000), Durability.SYNCED);
      Permit used = wal.acquire(1);
      Place place = wal.reserve(used);
      assertThrows(IllegalStateException.class, () -> wal.reserve(used));
      place.fill();
      assertThrows(IllegalStateException.class, place::fill);
    }
  }

  @Test
  void closedLogRefuses() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      wal.close();
      wal.close();
      assertThrows(IllegalStateException.class, () -> wal.acquire(1));
      assertThrows(IllegalStateException.class, wal::sync);
      assertEquals(0, log.budget().reserved());
    }
  }

  @Test
  void failedWriteIsFinal() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      long end = append(wal, record(0, 10), Durability.SYNCED);
      wal.failForTest();
      WalFailedException first =
          assertThrows(
              WalFailedException.class, () -> append(wal, record(1, 10), Durability.SYNCED));
      WalFailedException second =
          assertThrows(WalFailedException.class, () -> wal.acquire(1));
      assertEquals(first.getCause(), second.getCause());
      assertEquals(end, wal.durableLsn());
      wal.await(end, Durability.SYNCED);
      assertThrows(WalFailedException.class, wal::close);
    }
  }

  @Test
  void longestRecordIsRecovered() throws IOException {
    byte[] longest = record(1, WalFormat.MAX_RECORD_BYTES);
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      Wal wal = log.open();
      assertThrows(
          IllegalArgumentException.class,
          () -> wal.append(MemorySegment.ofArray(new byte[WalFormat.MAX_RECORD_BYTES + 1])));
      append(wal, record(0, 100));
      append(wal, longest, Durability.SYNCED);
      append(wal, record(2, 100), Durability.SYNCED);
      log.crash();
      log.open();
      assertEquals(3, log.recovered.size());
      assertArrayEquals(longest, log.recovered.get(1));
      assertArrayEquals(record(2, 100), log.recovered.get(2));
    }
  }
}
