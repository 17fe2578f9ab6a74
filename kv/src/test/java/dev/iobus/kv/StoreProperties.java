package dev.iobus.kv;

import dev.iobus.BackendKind;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;

/// Random operations and reopenings against a [TreeMap], with a memtable and a cache so small that
/// flush and compaction run all the time. A red run names its seed: run it again with
/// `run(seed, backend)`.
class StoreProperties {

  private static final int OPERATIONS = 220;
  private static final Comparator<byte[]> ORDER = Arrays::compareUnsigned;

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void aStoreIsASortedMapOnUring(@ForAll long seed) throws IOException {
    Assume.that(Files.isDirectory(Path.of("/proc")));
    run(seed, BackendKind.IO_URING);
  }

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void aStoreIsASortedMapOnNio(@ForAll long seed) throws IOException {
    run(seed, BackendKind.NIO);
  }

  private static void run(long seed, BackendKind backend) throws IOException {
    Path directory = Files.createTempDirectory("store-properties");
    try (Trial trial = new Trial(seed, directory, backend)) {
      for (int i = 0; i < OPERATIONS; i++) {
        trial.step();
      }
      trial.reopen();
      trial.compareAll();
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed + " on " + backend, e);
    } finally {
      delete(directory);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      paths
          .sorted(Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.delete(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }

  /// One store beside its model.
  private static final class Trial implements AutoCloseable {

    private final Random random;
    private final Path directory;
    private final StoreOptions options;
    private final int keyRange;
    private final NavigableMap<byte[], byte[]> model = new TreeMap<>(ORDER);
    private final List<Held> held = new ArrayList<>();
    private Store store;

    /// A snapshot, a cursor at it, and what both must see.
    private record Held(
        Snapshot snapshot, Cursor cursor, NavigableMap<byte[], byte[]> model) {}

    Trial(long seed, Path directory, BackendKind backend) throws IOException {
      this.random = new Random(seed);
      this.directory = directory;
      this.keyRange = 1 << (3 + random.nextInt(8));
      this.options =
          StoreTest.small()
              .withBackend(backend)
              .withCompression(random.nextBoolean())
              .withDurability(pick(Durability.values()));
      this.store = Store.open(directory, options);
    }

    private <T> T pick(T[] values) {
      return values[random.nextInt(values.length)];
    }

    void step() throws IOException {
      switch (random.nextInt(24)) {
        case 0, 1, 2, 3, 4 -> put();
        case 5, 6 -> remove();
        case 7, 8, 9, 10 -> batch();
        case 11, 12 -> get(key());
        case 13 -> multiGet();
        case 14, 15 -> walk(store.cursor(), model, true);
        case 16 -> bounded();
        case 17 -> hold();
        case 18 -> letGo();
        case 19 -> lookAtHeld();
        case 20 -> store.flush();
        case 21 -> maybeCompact();
        case 22 -> store.sync();
        default -> maybeReopen();
      }
    }

    private void put() throws IOException {
      byte[] key = key();
      byte[] value = value();
      store.put(key, value);
      model.put(key, value);
    }

    private void remove() throws IOException {
      byte[] key = key();
      store.delete(key);
      model.remove(key);
    }

    private void batch() throws IOException {
      WriteBatch batch = new WriteBatch();
      int count = random.nextInt(40);
      for (int i = 0; i < count; i++) {
        byte[] key = key();
        if (random.nextInt(4) == 0) {
          batch.delete(key);
          model.remove(key);
        } else {
          byte[] value = value();
          batch.put(key, value);
          model.put(key, value);
        }
      }
      store.write(batch, pick(Durability.values()));
    }

    private void get(byte[] key) throws IOException {
      Assertions.assertArrayEquals(model.get(key), store.get(key));
      try (ValueLease lease = store.lookup(java.lang.foreign.MemorySegment.ofArray(key))) {
        Assertions.assertArrayEquals(
            model.get(key),
            lease == null
                ? null
                : lease.segment().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
      }
    }

    private void multiGet() throws IOException {
      List<byte[]> keys = new ArrayList<>();
      for (int i = random.nextInt(200); i > 0; i--) {
        keys.add(key());
      }
      List<byte @Nullable []> values = store.multiGet(keys);
      for (int i = 0; i < keys.size(); i++) {
        Assertions.assertArrayEquals(model.get(keys.get(i)), values.get(i));
      }
    }

    private void bounded() throws IOException {
      byte[] lower = random.nextInt(3) == 0 ? null : key();
      byte[] upper = random.nextInt(3) == 0 ? null : key();
      NavigableMap<byte[], byte[]> part = model;
      if (lower != null && upper != null && ORDER.compare(lower, upper) >= 0) {
        part = new TreeMap<>(ORDER);
      } else {
        part = lower == null ? part : part.tailMap(lower, true);
        part = upper == null ? part : part.headMap(upper, false);
      }
      walk(store.cursor(lower, upper), part, true);
    }

    private void hold() throws IOException {
      if (held.size() < 3) {
        Snapshot snapshot = store.snapshot();
        Cursor cursor = store.cursor(null, null, snapshot);
        NavigableMap<byte[], byte[]> copy = new TreeMap<>(ORDER);
        copy.putAll(model);
        held.add(new Held(snapshot, cursor, copy));
      }
    }

    private void letGo() {
      if (!held.isEmpty()) {
        Held one = held.remove(random.nextInt(held.size()));
        one.snapshot().close();
        one.cursor().close();
      }
    }

    private void lookAtHeld() throws IOException {
      for (Held one : held) {
        byte[] key = key();
        Assertions.assertArrayEquals(one.model().get(key), store.get(key, one.snapshot()));
        walk(one.cursor(), one.model(), false);
        walk(store.cursor(null, null, one.snapshot()), one.model(), true);
      }
    }

    /// Moves the cursor at random beside an iterator of the model.
    private void walk(Cursor cursor, NavigableMap<byte[], byte[]> expected, boolean closes)
        throws IOException {
      try {
        Map.@Nullable Entry<byte[], byte[]> at = null;
        for (int i = 0; i < 60; i++) {
          byte[] key = key();
          switch (at == null ? random.nextInt(4) : random.nextInt(12)) {
            case 0 -> {
              at = expected.firstEntry();
              Assertions.assertEquals(at != null, cursor.seekToFirst());
            }
            case 1 -> {
              at = expected.lastEntry();
              Assertions.assertEquals(at != null, cursor.seekToLast());
            }
            case 2 -> {
              at = expected.ceilingEntry(key);
              Assertions.assertEquals(at != null, cursor.seek(key));
            }
            case 3 -> {
              at = expected.floorEntry(key);
              Assertions.assertEquals(at != null, cursor.seekForPrevious(key));
            }
            case 4, 5, 6, 7, 8 -> {
              at = expected.higherEntry(java.util.Objects.requireNonNull(at).getKey());
              Assertions.assertEquals(at != null, cursor.next());
            }
            default -> {
              at = expected.lowerEntry(java.util.Objects.requireNonNull(at).getKey());
              Assertions.assertEquals(at != null, cursor.previous());
            }
          }
          Assertions.assertEquals(at != null, cursor.isValid());
          if (at != null) {
            Assertions.assertArrayEquals(at.getKey(), cursor.key());
            Assertions.assertArrayEquals(at.getValue(), cursor.value());
          }
        }
      } finally {
        if (closes) {
          cursor.close();
        }
      }
    }

    private void maybeCompact() throws IOException {
      if (random.nextInt(3) == 0) {
        store.compact();
      }
    }

    private void maybeReopen() throws IOException {
      if (random.nextInt(3) == 0) {
        reopen();
      }
    }

    void reopen() throws IOException {
      while (!held.isEmpty()) {
        letGo();
      }
      store.close();
      store = Store.open(directory, options);
    }

    void compareAll() throws IOException {
      try (Cursor cursor = store.cursor()) {
        boolean at = cursor.seekToFirst();
        for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
          Assertions.assertTrue(at);
          Assertions.assertArrayEquals(entry.getKey(), cursor.key());
          Assertions.assertArrayEquals(entry.getValue(), cursor.value());
          at = cursor.next();
        }
        Assertions.assertFalse(at);
      }
      store.verify();
    }

    /// From few enough keys that versions of one meet, in all lengths.
    private byte[] key() {
      int number = random.nextInt(keyRange);
      byte[] key = new byte[number % 5 == 0 ? 1 + number % 40 : 4];
      new Random(number).nextBytes(key);
      return key;
    }

    private byte[] value() {
      int kind = random.nextInt(20);
      byte[] value = new byte[kind == 0 ? random.nextInt(30_000) : random.nextInt(900)];
      if (random.nextBoolean()) {
        random.nextBytes(value);
      } else {
        Arrays.fill(value, (byte) random.nextInt());
      }
      return value;
    }

    @Override
    public void close() throws IOException {
      while (!held.isEmpty()) {
        letGo();
      }
      store.close();
    }
  }
}
