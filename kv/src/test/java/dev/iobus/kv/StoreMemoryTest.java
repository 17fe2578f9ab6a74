package dev.iobus.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The smallest store with the largest values, on a simulated host, where waiting costs no time.
class StoreMemoryTest {

  private static final Path DIRECTORY = Path.of("/iobus-simulation/store");
  private static final int MIB = 1 << 20;

  /// Values that readers hold: large ones, and smaller ones for what these leave.
  private static final int HELD = 10;

  private final Random random = new Random(1);

  /// Runs a test on a new host.
  private static void simulate(Scenario test) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
    SimScheduler host = new SimScheduler(1, disk, new Faults(), SimDevice.NVME);
    assertTrue(host.run(() -> test.run(host, options(host))));
  }

  private interface Scenario {
    void run(SimScheduler host, StoreOptions options) throws IOException;
  }

  private static StoreOptions options(SimScheduler host) {
    return StoreOptions.defaults()
        .withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN)
        .withMemtableBytes(64 << 10)
        .withLogSegmentBytes(64 << 10, 1 << 20)
        .withScheduler(host);
  }

  /// Each table of level 0 has its largest block in memory while they are merged, and four of a
  /// mebibyte were more than there was. The store failed 30 s later, and 30 s after each reopening.
  @Test
  void largeValuesAreCompactedInAsManyStepsAsItTakes() throws IOException {
    simulate(
        (host, options) -> {
          byte[] last = {};
          try (Store store = Store.open(DIRECTORY, options)) {
            for (int i = 0; i < 8; i++) {
              last = value(MIB);
              store.put(bytes("key"), last);
              store.put(bytes("other" + i), value(MIB));
            }
            store.compact();
            StoreStats stats = store.stats();
            assertEquals(0, stats.tablesPerLevel().getFirst(), stats.toString());
            assertArrayEquals(last, store.get(bytes("key")));
          }
          try (Store store = Store.open(DIRECTORY, options)) {
            assertArrayEquals(last, store.get(bytes("key")));
            assertTrue(store.stats().indexBytes() > 0, store.stats().toString());
            assertEquals(9, store.verify().entries());
          }
        });
  }

  /// A value was in memory twice in each table that is merged, and three to four times in the writer:
  /// of the largest, no two could ever be merged.
  @Test
  void theLargestValuesAreCompacted() throws IOException {
    simulate(
        (host, options) -> {
          byte[] last = {};
          try (Store store = Store.open(DIRECTORY, options)) {
            for (int i = 0; i < 5; i++) {
              last = value(2 * MIB - 1000);
              store.put(bytes("key"), last);
              store.flush();
            }
            store.compact();
            StoreStats stats = store.stats();
            assertEquals(1, stats.tablesPerLevel().stream().mapToInt(n -> n).sum());
            assertArrayEquals(last, store.get(bytes("key")));
          }
        });
  }

  /// A cache that had once been filled kept what the flush of a large value needs, for good.
  @Test
  void flushOfALargeValueTakesTheMemoryOfAWarmCache() throws IOException {
    simulate(
        (host, options) -> {
          try (Store store = Store.open(DIRECTORY, options)) {
            for (int i = 0; i < 4_000; i++) {
              store.put(bytes("small" + i), value(1000));
            }
            store.compact();
            for (int i = 0; i < 4_000; i++) {
              assertEquals(1000, requireNonNull(store.get(bytes("small" + i))).length);
            }
            long begin = host.nanoTime();
            store.put(bytes("large"), value(2 * MIB - 1000));
            store.flush();
            assertTrue(host.nanoTime() - begin < ShortageWait.MEMORY_PATIENCE_NANOS);
          }
        });
  }

  /// A flush whose memory readers held ended all writing for good. Now a writer that waits for it is
  /// told after half a minute, and goes on when they have let go.
  @Test
  void flushWithoutMemoryRefusesWritersOnlyWhileThereIsNone() throws IOException {
    simulate(
        (host, options) -> {
          try (Store store = Store.open(DIRECTORY, options)) {
            for (int i = 0; i < HELD; i++) {
              store.put(bytes("held" + i), value(i < 6 ? MIB : 300_000));
            }
            store.flush();
            store.put(bytes("large"), value(2 * MIB - 1000));
            List<ValueLease> held = hold(store);
            long begin = host.nanoTime();
            MemoryLimitException refusal =
                assertThrows(MemoryLimitException.class, store::flush);
            assertTrue(requireNonNull(refusal.getMessage()).contains("a flush"), refusal.toString());
            assertTrue(host.nanoTime() - begin >= ShortageWait.MEMORY_PATIENCE_NANOS);
            assertTrue(host.nanoTime() - begin < 2 * ShortageWait.MEMORY_PATIENCE_NANOS);
            assertThrows(MemoryLimitException.class, () -> fillMemtables(store));
            assertTrue(store.stats().memoryWaits() > 0, store.stats().toString());
            held.forEach(ValueLease::close);
            host.park(host.nanoTime() + 2_000_000_000L);
            store.put(bytes("after"), bytes("all"));
            store.flush();
            assertArrayEquals(bytes("all"), store.get(bytes("after")));
            assertEquals(2 * MIB - 1000, requireNonNull(store.get(bytes("large"))).length);
          }
        });
  }

  /// All blocks of a round were pinned together, and each that found no memory waited ten seconds for
  /// what the same call held: some minutes later it failed.
  @Test
  void multiGetDoesNotWaitForWhatItHolds() throws IOException {
    simulate(
        (host, options) -> {
          try (Store store = Store.open(DIRECTORY, options)) {
            byte[] value = new byte[MIB];
            List<byte[]> keys = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
              keys.add(bytes("key" + i));
              value[0] = (byte) i;
              store.put(keys.get(i), value);
            }
            store.compact();
            long begin = host.nanoTime();
            List<byte @Nullable []> found = store.multiGet(keys);
            long took = host.nanoTime() - begin;
            for (int i = 0; i < keys.size(); i++) {
              assertEquals(i, requireNonNull(found.get(i))[0]);
            }
            assertTrue(took < 1_000_000_000L, took + " ns");
          }
        });
  }

  /// A multi-get whose memory others hold fails when it has waited for as long as one read would.
  @Test
  void multiGetWithoutMemoryWaitsAsLongAsOneRead() throws IOException {
    simulate(
        (host, options) -> {
          try (Store store = Store.open(DIRECTORY, options)) {
            for (int i = 0; i < 3 * HELD; i++) {
              store.put(bytes("held" + i), value(i < 6 || i >= HELD ? MIB : 300_000));
            }
            store.flush();
            List<ValueLease> held = hold(store);
            List<byte[]> keys = new ArrayList<>();
            for (int i = HELD; i < 3 * HELD; i++) {
              keys.add(bytes("held" + i));
            }
            long begin = host.nanoTime();
            assertThrows(MemoryLimitException.class, () -> store.multiGet(keys));
            long took = host.nanoTime() - begin;
            assertTrue(took < 12_000_000_000L, took + " ns");
            held.forEach(ValueLease::close);
            assertEquals(MIB, requireNonNull(store.multiGet(keys).getFirst()).length);
          }
        });
  }

  /// Leases on values, as many as there is memory for.
  private static List<ValueLease> hold(Store store) throws IOException {
    List<ValueLease> held = new ArrayList<>();
    for (int i = 0; i < HELD; i++) {
      try {
        held.add(requireNonNull(store.lookup(MemorySegment.ofArray(bytes("held" + i)))));
      } catch (MemoryLimitException e) {
        assertTrue(held.size() > 3, e.getMessage());
      }
    }
    return held;
  }

  private void fillMemtables(Store store) throws IOException {
    for (int i = 0; i < 300; i++) {
      store.put(bytes("small" + i), value(1000));
    }
  }

  private byte[] value(int length) {
    byte[] value = new byte[length];
    random.nextBytes(value);
    return value;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
