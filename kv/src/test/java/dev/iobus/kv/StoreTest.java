package dev.iobus.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a caller sees of a store: examples.
class StoreTest {

  @TempDir Path directory;

  static StoreOptions small() {
    return StoreOptions.defaults()
        .withMemoryBytes(16 << 20)
        .withMemtableBytes(64 << 10)
        .withLogSegmentBytes(64 << 10, 1 << 20);
  }

  @ParameterizedTest
  @EnumSource
  void whatWasPutIsThereAfterReopening(BackendKind backend) throws IOException {
    try {
      SharedBus.open(BusOptions.defaults().withBackend(backend)).close();
    } catch (IOException e) {
      Assumptions.abort(e.getMessage());
    }
    StoreOptions options = small().withBackend(backend);
    try (Store store = Store.open(directory, options)) {
      store.put(bytes("a"), bytes("1"));
      store.put(bytes("b"), bytes("2"));
      store.delete(bytes("a"));
      assertNull(store.get(bytes("a")));
      assertArrayEquals(bytes("2"), store.get(bytes("b")));
    }
    try (Store store = Store.open(directory, options)) {
      assertNull(store.get(bytes("a")));
      assertArrayEquals(bytes("2"), store.get(bytes("b")));
      assertNull(store.get(bytes("c")));
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyDurabilitySurvivesClose(Durability durability) throws IOException {
    try (Store store = Store.open(directory, small().withDurability(durability))) {
      for (int i = 0; i < 100; i++) {
        store.put(bytes("key" + i), bytes("value" + i));
      }
    }
    try (Store store = Store.open(directory, small().withDurability(durability))) {
      for (int i = 0; i < 100; i++) {
        assertArrayEquals(bytes("value" + i), store.get(bytes("key" + i)));
      }
    }
  }

  @Test
  void manyMemtablesBecomeTablesOnSeveralLevels() throws IOException {
    int count = 8_000;
    Random random = new Random(1);
    byte[] value = new byte[100];
    try (Store store = Store.open(directory, small().withDurability(Durability.BUFFERED))) {
      for (int i = 0; i < count; i++) {
        random.nextBytes(value);
        store.put(bytes("key%06d".formatted(i * 7919 % count)), value.clone());
      }
      store.flush();
      StoreStats stats = store.stats();
      assertTrue(stats.flushes() > 5, stats.toString());
      VerifyReport report = store.verify();
      assertTrue(report.entries() >= count, report.toString());
      store.compact();
      stats = store.stats();
      assertEquals(0, stats.tablesPerLevel().getFirst());
      assertEquals(count, store.verify().entries());
      assertOrdered(store, count);
    }
    try (Store store = Store.open(directory, small())) {
      assertOrdered(store, count);
    }
  }

  private static void assertOrdered(Store store, int count) throws IOException {
    try (Cursor cursor = store.cursor()) {
      int seen = 0;
      for (boolean at = cursor.seekToFirst(); at; at = cursor.next()) {
        assertArrayEquals(bytes("key%06d".formatted(seen)), cursor.key());
        assertEquals(100, cursor.value().length);
        seen++;
      }
      assertEquals(count, seen);
      for (boolean at = cursor.seekToLast(); at; at = cursor.previous()) {
        seen--;
        assertArrayEquals(bytes("key%06d".formatted(seen)), cursor.key());
      }
      assertEquals(0, seen);
    }
  }

  @Test
  void aBatchIsAppliedInItsOrder() throws IOException {
    try (Store store = Store.open(directory, small())) {
      WriteBatch batch = new WriteBatch();
      batch.put(bytes("k"), bytes("1")).delete(bytes("k")).put(bytes("k"), bytes("2"));
      batch.put(bytes("l"), bytes("3")).delete(bytes("l"));
      assertEquals(5, batch.count());
      store.write(batch);
      assertArrayEquals(bytes("2"), store.get(bytes("k")));
      assertNull(store.get(bytes("l")));
      batch.clear();
      assertEquals(0, batch.count());
      store.write(batch);
      store.write(batch.put(bytes("m"), bytes("4")), Durability.WRITTEN);
      assertArrayEquals(bytes("4"), store.get(bytes("m")));
    }
  }

  @Test
  void deletedKeysLeaveNothingAfterCompaction() throws IOException {
    try (Store store = Store.open(directory, small())) {
      for (int i = 0; i < 50; i++) {
        store.put(bytes("key" + i), bytes("value"));
      }
      store.flush();
      for (int i = 0; i < 50; i++) {
        store.delete(bytes("key" + i));
      }
      store.compact();
      assertEquals(new VerifyReport(0, 0, 0, 0), store.verify());
      try (Cursor cursor = store.cursor()) {
        assertFalse(cursor.seekToFirst());
      }
    }
  }

  @Test
  @SuppressWarnings("NullAway") // That null is refused is part of what it tests.
  void badArgumentsAreNamed() throws IOException {
    try (Store store = Store.open(directory, small())) {
      byte[] longKey = new byte[65_536];
      assertNull(assertThrowsNull("key", () -> store.put((byte[]) null, bytes("v"))));
      assertNull(assertThrowsNull("value", () -> store.put(bytes("k"), (byte[]) null)));
      assertNull(assertThrowsNull("key", () -> store.get(null)));
      assertNull(assertThrowsNull("key", () -> store.delete((byte[]) null)));
      assertNull(assertThrowsNull("batch", () -> store.write(null)));
      assertNull(assertThrowsNull("snapshot", () -> store.get(bytes("k"), null)));
      for (org.junit.jupiter.api.function.Executable call :
          List.<org.junit.jupiter.api.function.Executable>of(
              () -> store.put(longKey, bytes("v")),
              () -> store.get(longKey),
              () -> store.delete(longKey),
              () -> store.multiGet(List.of(longKey)))) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.contains("65536"), message);
        assertTrue(message.contains("65535"), message);
      }
      byte[] longValue = new byte[(64 << 20) - (128 << 10) + 1];
      String message =
          assertThrows(
                  IllegalArgumentException.class, () -> store.put(bytes("k"), longValue))
              .getMessage();
      assertTrue(message.contains("" + longValue.length), message);
      byte[] tooMuchForMemory = new byte[4 << 20];
      message =
          assertThrows(
                  IllegalArgumentException.class, () -> store.put(bytes("k"), tooMuchForMemory))
              .getMessage();
      assertTrue(message.contains("memoryBytes"), message);
      assertNull(store.get(bytes("k")));
    }
  }

  private static @Nullable Object assertThrowsNull(
      String argument, org.junit.jupiter.api.function.Executable call) {
    assertEquals(argument, assertThrows(NullPointerException.class, call).getMessage());
    return null;
  }

  @Test
  void theLargestKeyAndEmptyOnesAreKept() throws IOException {
    byte[] key = new byte[65_535];
    Arrays.fill(key, (byte) 7);
    try (Store store = Store.open(directory, small())) {
      store.put(key, bytes("long"));
      store.put(new byte[0], new byte[0]);
      store.flush();
      assertArrayEquals(bytes("long"), store.get(key));
      assertArrayEquals(new byte[0], store.get(new byte[0]));
      try (Cursor cursor = store.cursor()) {
        assertTrue(cursor.seekToFirst());
        assertEquals(0, cursor.key().length);
        assertTrue(cursor.next());
        assertArrayEquals(key, cursor.key());
      }
    }
  }

  @Test
  void valuesLargerThanAMemtableAreKept() throws IOException {
    byte[] value = new byte[1 << 20];
    new Random(3).nextBytes(value);
    try (Store store = Store.open(directory, small())) {
      for (int i = 0; i < 5; i++) {
        value[0] = (byte) i;
        store.put(bytes("k" + i), value);
      }
      value[0] = 2;
      assertArrayEquals(value, store.get(bytes("k2")));
    }
    try (Store store = Store.open(directory, small())) {
      value[0] = 4;
      assertArrayEquals(value, store.get(bytes("k4")));
      store.compact();
      assertArrayEquals(value, store.get(bytes("k4")));
    }
  }

  /// A batch that took all of a memtable's capacity but a few bytes did not fit beside the
  /// memtable's own head: the writer sealed an empty memtable, got an empty one, and so on for ever.
  @Test
  @Timeout(60)
  void batchesAsLargeAsAMemtableAreWritten() throws IOException {
    int capacity = 64 << 10;
    for (int length = capacity - 200; length <= capacity + 200; length += 8) {
      byte[] value = new byte[length];
      Path fresh = directory.resolve("of-" + length);
      try (Store store = Store.open(fresh, small().withDurability(Durability.BUFFERED))) {
        store.put(bytes("k"), value);
        assertArrayEquals(value, store.get(bytes("k")));
      }
      try (Store store = Store.open(fresh, small())) {
        assertArrayEquals(value, store.get(bytes("k")));
      }
    }
  }

  @Test
  void anInterruptEndsNothing() throws IOException {
    try (Store store = Store.open(directory, small())) {
      Thread.currentThread().interrupt();
      store.put(bytes("k"), bytes("v"));
      store.flush();
      store.sync();
      assertArrayEquals(bytes("v"), store.get(bytes("k")));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void writersAndReadersSideBySideSeeWholeBatches() throws Exception {
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    try (Store store = Store.open(directory, small().withDurability(Durability.BUFFERED))) {
      store.write(pair(0));
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        for (int i = 0; i < 400; i++) {
                          store.write(pair(seed * 1000 + i));
                          List<byte @Nullable []> values =
                              store.multiGet(List.of(bytes("left"), bytes("right")));
                          assertArrayEquals(values.get(0), values.get(1));
                          try (Snapshot snapshot = store.snapshot()) {
                            assertArrayEquals(
                                store.get(bytes("left"), snapshot),
                                store.get(bytes("right"), snapshot));
                          }
                        }
                      } catch (Throwable e) {
                        failure.set(e);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertNull(failure.get());
      assertTrue(store.stats().flushes() > 1);
    }
  }

  private static WriteBatch pair(int number) {
    byte[] value = new byte[300];
    Arrays.fill(value, (byte) number);
    return new WriteBatch().put(bytes("left"), value).put(bytes("right"), value);
  }

  @Test
  void aStoreClosesUnderItsReadersAndWriters() throws Exception {
    for (int round = 0; round < 5; round++) {
      Store store = Store.open(directory, small().withDurability(Durability.WRITTEN));
      AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 3; t++) {
        int id = t;
        threads.add(Thread.ofPlatform().start(() -> useUntilClosed(store, id, failure)));
      }
      Thread.sleep(30);
      store.close();
      for (Thread thread : threads) {
        thread.join();
      }
      assertNull(failure.get());
    }
  }

  private static void useUntilClosed(
      Store store, int id, AtomicReference<@Nullable Throwable> failure) {
    try {
      try (Cursor cursor = store.cursor()) {
        for (int i = 0; ; i++) {
          store.put(bytes("key" + id + "-" + i % 100), new byte[200]);
          assertNotNull(store.get(bytes("key" + id + "-" + i % 100)));
          for (boolean at = cursor.seekToFirst(); at; at = cursor.next()) {
            cursor.value();
          }
        }
      }
    } catch (IllegalStateException closed) {
      if (!requireNonNull(closed.getMessage()).contains("closed")) {
        failure.set(closed);
      }
    } catch (Throwable t) {
      failure.set(t);
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
