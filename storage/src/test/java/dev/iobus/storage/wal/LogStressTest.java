package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Everything at once: platform and virtual threads, all durabilities, lists, long records, permits
/// that are given back, callbacks, readers and releases, in segments that hold a few groups.
@Timeout(60)
class LogStressTest {

  private static final List<Durability> DURABILITIES = List.of(Durability.values());

  private static final int PLATFORM = 6;
  private static final int VIRTUAL = 60;
  private static final int APPENDS = 40;
  private static final long SHIFT = 1_000_000;

  @TempDir Path path;

  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong callbacks = new AtomicLong();
  private final AtomicReference<@Nullable Object> wrong = new AtomicReference<>();

  @Test
  void everyRecordIsThereOnceAndInItsWritersOrder() throws Exception {
    int writers = PLATFORM + VIRTUAL;
    List<Long> seen;
    try (LogHarness log = new LogHarness(path, LogHarness.TINY.withRetainBytes(1 << 30));
        ExecutorService platform = Executors.newCachedThreadPool();
        ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      int total = writers * APPENDS;
      try (Wal wal = log.open()) {
        Future<List<Long>> reading = platform.submit(() -> follow(wal, total));
        List<Future<?>> running = new ArrayList<>();
        for (int w = 0; w < writers; w++) {
          int writer = w;
          ExecutorService threads = w < PLATFORM ? platform : virtual;
          running.add(
              threads.submit(
                  () -> {
                    write(wal, writer);
                    return null;
                  }));
        }
        for (Future<?> each : running) {
          each.get(50, TimeUnit.SECONDS);
        }
        wal.sync();
        seen = reading.get(50, TimeUnit.SECONDS);
      }
      assertNull(wrong.get());
      assertEquals(acknowledged.get(), callbacks.get());
      assertEquals(total, seen.size());
      log.open();
      List<Long> recovered = log.recovered.stream().map(LogHarness::number).toList();
      assertEquals(seen, recovered);
    }
    long[] next = new long[writers];
    for (long number : seen) {
      assertEquals(next[(int) (number / SHIFT)]++, number % SHIFT);
    }
  }

  private void write(Wal wal, int writer) throws IOException {
    Random random = new Random(writer);
    int i = 0;
    while (i < APPENDS) {
      int count = random.nextInt(6) == 0 ? Math.min(3, APPENDS - i) : 1;
      List<MemorySegment> records = new ArrayList<>();
      for (int n = 0; n < count; n++) {
        int length = random.nextInt(60) == 0 ? 40_000 : random.nextInt(600);
        records.add(MemorySegment.ofArray(record(writer * SHIFT + i++, length)));
      }
      if (random.nextInt(10) == 0) {
        wal.acquire(random.nextInt(20_000)).close();
      }
      long end = count == 1 ? wal.append(records.getFirst()) : wal.append(records);
      if (random.nextInt(3) == 0) {
        acknowledged.incrementAndGet();
        wal.whenReached(
            end,
            Durability.SYNCED,
            (lsn, failure) -> {
              callbacks.incrementAndGet();
              if (failure != null || wal.durableLsn() < lsn) {
                wrong.set("told of LSN " + lsn + " too early");
              }
            });
      } else {
        Durability durability = DURABILITIES.get(random.nextInt(3));
        wal.await(end, durability);
        if (durability == Durability.SYNCED) {
          assertTrue(wal.durableLsn() >= end);
        }
      }
      if (random.nextInt(20) == 0) {
        wal.release(wal.durableLsn());
      }
    }
  }

  private static List<Long> follow(Wal wal, int total) throws IOException {
    List<Long> seen = new ArrayList<>();
    try (WalReader reader = wal.reader(0, Durability.SYNCED)) {
      while (seen.size() < total && reader.next(TimeUnit.SECONDS.toNanos(30))) {
        byte[] bytes = reader.payload().toArray(JAVA_BYTE);
        assertArrayEquals(record(LogHarness.number(bytes), bytes.length), bytes);
        seen.add(LogHarness.number(bytes));
      }
    }
    return seen;
  }
}
