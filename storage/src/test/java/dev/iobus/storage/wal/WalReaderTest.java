package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.number;
import static dev.iobus.storage.wal.LogHarness.record;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.CorruptionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WalReaderTest {

  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(30);

  @TempDir Path path;

  @Test
  void readsFromAnyRecordOn() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      List<Long> begins = new ArrayList<>();
      for (int i = 0; i < 120; i++) {
        begins.add(wal.tail());
        wal.append(heap(record(i, length(i))), i % 3 == 0 ? Durability.SYNCED : Durability.WRITTEN);
      }
      wal.sync();
      for (int from = 0; from < 120; from += 17) {
        try (WalReader reader = wal.reader(begins.get(from), Durability.SYNCED)) {
          for (int i = from; i < 120; i++) {
            assertTrue(reader.next(), "record " + i);
            assertArrayEquals(record(i, length(i)), reader.payload().toArray(JAVA_BYTE));
            assertTrue(reader.lsn() >= begins.get(i));
          }
          assertEquals(wal.tail(), reader.end());
          assertFalse(reader.next());
          assertThrows(IllegalStateException.class, reader::payload);
        }
      }
      assertEquals(0, wal.firstLsn());
    }
  }

  private static int length(int i) {
    return i % 20 == 11 ? 70_000 : 10 + i * 37;
  }

  @Test
  void readsAcrossEpochs() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      for (int epoch = 0; epoch < 4; epoch++) {
        Wal wal = log.open();
        for (int i = 0; i < 30; i++) {
          wal.append(heap(record(epoch * 30L + i, 900)), Durability.SYNCED);
        }
        log.crash();
      }
      try (Wal wal = log.open();
          WalReader reader = wal.reader(wal.firstLsn(), Durability.SYNCED)) {
        for (int i = 0; i < 120; i++) {
          assertTrue(reader.next());
          assertArrayEquals(record(i, 900), reader.payload().toArray(JAVA_BYTE));
        }
        assertFalse(reader.next());
      }
    }
  }

  /// Power was lost in the middle of a record that ran through three segments. The log ended before
  /// it, in the first of them; but that one passed for as long as it was, and the other two for parts
  /// of the log, so that readers took the dropped frames for what the log held there, and then found
  /// no more.
  @Test
  void readsOnBehindATornRecordOfSeveralSegments() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      wal.append(heap(record(0, 100)), Durability.SYNCED);
      wal.append(heap(record(1, 100_000)), Durability.SYNCED);
      log.crash();
      log.overwrite("wal-000003", 4096, new byte[4096]);
      wal = log.open();
      assertEquals(1, log.recovered.size());
      for (int i = 2; i < 40; i++) {
        wal.append(heap(record(i, 3_000)), Durability.SYNCED);
      }
      try (WalReader reader = wal.reader(0, Durability.SYNCED)) {
        assertTrue(reader.next());
        assertArrayEquals(record(0, 100), reader.payload().toArray(JAVA_BYTE));
        for (int i = 2; i < 40; i++) {
          assertTrue(reader.next());
          assertArrayEquals(record(i, 3_000), reader.payload().toArray(JAVA_BYTE));
        }
        assertFalse(reader.next());
      }
      log.crash();
      log.open();
      assertEquals(39, log.recovered.size());
    }
  }

  @Test
  void syncedReaderSeesNothingThatCouldBeLost() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      wal.append(heap(record(0, 100)), Durability.SYNCED);
      wal.append(heap(record(1, 100)), Durability.WRITTEN);
      try (WalReader synced = wal.reader(0, Durability.SYNCED);
          WalReader written = wal.reader(0, Durability.WRITTEN)) {
        assertTrue(synced.next());
        assertFalse(synced.next());
        assertFalse(synced.next(1_000_000));
        assertTrue(written.next());
        assertTrue(written.next());
        wal.sync();
        assertTrue(synced.next());
        assertEquals(1, number(synced.payload().toArray(JAVA_BYTE)));
      }
    }
  }

  @Test
  void readersFollowManyWriters() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      try (Wal wal = log.open()) {
        int writers = 4;
        int each = 200;
        List<Future<List<Long>>> readers = new ArrayList<>();
        for (Durability upTo : new Durability[] {Durability.SYNCED, Durability.WRITTEN}) {
          readers.add(
              threads.submit(
                  () -> {
                    List<Long> seen = new ArrayList<>();
                    try (WalReader reader = wal.reader(0, upTo)) {
                      while (seen.size() < writers * each && reader.next(LONG_NANOS)) {
                        byte[] bytes = reader.payload().toArray(JAVA_BYTE);
                        assertArrayEquals(record(number(bytes), bytes.length), bytes);
                        seen.add(number(bytes));
                      }
                    }
                    return seen;
                  }));
        }
        List<Future<?>> running = new ArrayList<>();
        for (int w = 0; w < writers; w++) {
          long first = (long) w * each;
          running.add(
              threads.submit(
                  () -> {
                    for (int i = 0; i < each; i++) {
                      wal.append(
                          heap(record(first + i, i == 100 ? 30_000 : 400)), Durability.SYNCED);
                    }
                    return null;
                  }));
        }
        for (Future<?> one : running) {
          one.get(50, TimeUnit.SECONDS);
        }
        List<Long> one = readers.get(0).get(50, TimeUnit.SECONDS);
        assertEquals(writers * each, one.size());
        assertEquals(one, readers.get(1).get(50, TimeUnit.SECONDS), "one order for all");
        long[] next = new long[writers];
        for (long number : one) {
          assertEquals(next[(int) (number / each)]++, number % each, "each writer's own order");
        }
      }
      assertEquals(0, log.budget().reserved());
    }
  }

  @Test
  void releasedLogIsToldFromDamage() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      try (WalReader late = wal.reader(0, Durability.SYNCED)) {
        long end = 0;
        for (int i = 0; i < 300; i++) {
          end = wal.append(heap(record(i, 3000)), Durability.SYNCED);
          wal.release(end);
        }
        assertTrue(wal.stats().segmentsReused() > 3, wal.stats().toString());
        WalReleasedException gone = assertThrows(WalReleasedException.class, late::next);
        assertEquals(wal.firstLsn(), gone.firstLsn());
        assertThrows(WalReleasedException.class, () -> wal.reader(0, Durability.SYNCED));
        try (WalReader reader = wal.reader(wal.firstLsn(), Durability.SYNCED)) {
          assertTrue(reader.next());
        }
      }
    }
  }

  @Test
  void readerThatIsOvertakenReadsTruthOrIsTold() throws Exception {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Wal wal = log.open();
      int records = 1500;
      Future<Integer> reading =
          threads.submit(
              () -> {
                int told = 0;
                long at = 0;
                long last = -1;
                while (last < records - 1) {
                  try (WalReader reader = wal.reader(at, Durability.SYNCED)) {
                    while (last < records - 1 && reader.next(LONG_NANOS)) {
                      byte[] bytes = reader.payload().toArray(JAVA_BYTE);
                      long number = number(bytes);
                      assertArrayEquals(record(number, bytes.length), bytes);
                      assertTrue(number > last);
                      last = number;
                    }
                  } catch (WalReleasedException gone) {
                    told++;
                    at = gone.firstLsn();
                  }
                }
                return told;
              });
      for (int i = 0; i < records; i++) {
        long end = wal.append(heap(record(i, 3000)), Durability.WRITTEN);
        if (i % 50 == 49) {
          wal.sync();
        }
        wal.release(end);
      }
      wal.sync();
      reading.get(50, TimeUnit.SECONDS);
    }
  }

  @Test
  void retainedBytesOutliveTheirRelease() throws IOException {
    WalOptions options = LogHarness.TINY.withRetainBytes(200_000);
    try (LogHarness log = new LogHarness(path, options)) {
      Wal wal = log.open();
      for (int i = 0; i < 300; i++) {
        wal.release(wal.append(heap(record(i, 3000)), Durability.SYNCED));
      }
      long kept = wal.tail() - wal.firstLsn();
      assertTrue(kept >= 200_000, kept + " bytes");
      assertTrue(kept <= 200_000 + (3 << 16), kept + " bytes");
    }
  }

  @Test
  void damageIsReported() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int i = 0; i < 3; i++) {
        wal.append(heap(record(i, 100)), Durability.SYNCED);
      }
      log.overwrite("wal-000001", 2L * 4096 + 60, new byte[] {99});
      try (WalReader reader = wal.reader(0, Durability.SYNCED)) {
        assertTrue(reader.next());
        CorruptionException found = assertThrows(CorruptionException.class, reader::next);
        assertTrue(found.file().endsWith("wal-000001"), found.file());
        assertTrue(found.offset() > 4096, "behind the first record: " + found.offset());
        assertTrue(found.offset() <= 2L * 4096, "not behind the second: " + found.offset());
      }
      try (WalReader reader = wal.reader(8, Durability.SYNCED)) {
        assertThrows(CorruptionException.class, reader::next, "no record begins there");
      }
    }
  }

  @Test
  void misuseIsRefused() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      assertThrows(
          IllegalArgumentException.class, () -> wal.reader(wal.tail() + 8, Durability.SYNCED));
      assertThrows(IllegalArgumentException.class, () -> wal.reader(0, Durability.BUFFERED));
      WalReader reader = wal.reader(0, Durability.SYNCED);
      WalReader open = wal.reader(0, Durability.SYNCED);
      reader.close();
      reader.close();
      assertThrows(IllegalStateException.class, reader::next);
      wal.close();
      assertThrows(IllegalStateException.class, open::next);
      open.close();
      assertEquals(0, log.budget().reserved());
    }
  }

  private static MemorySegment heap(byte[] bytes) {
    return MemorySegment.ofArray(bytes);
  }
}
