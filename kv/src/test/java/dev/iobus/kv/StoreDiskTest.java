package dev.iobus.kv;

import static dev.iobus.kv.StoreTest.bytes;
import static dev.iobus.kv.StoreTest.small;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A store whose disk gets full, on a simulated host, where waiting costs no time.
class StoreDiskTest {

  private static final Path DIRECTORY = Path.of("/iobus-simulation/store");

  private final Random random = new Random(1);

  private interface Scenario {
    void run(SimScheduler host, SimDisk disk, StoreOptions options) throws IOException;
  }

  private static void simulate(Faults faults, Scenario test) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
    SimScheduler host = new SimScheduler(1, disk, faults, SimDevice.NVME);
    assertTrue(host.run(() -> test.run(host, disk, small().withScheduler(host))));
  }

  private byte[] value(int key) {
    random.setSeed(key);
    byte[] value = new byte[4_000];
    random.nextBytes(value);
    return value;
  }

  /// Puts until one is refused. Returns how many were not.
  private int fill(Store store, int from) {
    int count = from;
    while (count < 1_000) {
      try {
        store.put(bytes("key" + count), value(count));
        count++;
      } catch (IOException e) {
        assertIsOfTheDisk(e);
        return count;
      }
    }
    throw new AssertionError("the disk does not get full");
  }

  private static void assertIsOfTheDisk(IOException refusal) {
    assertFalse(refusal instanceof StoreFailedException, refusal.toString());
    Throwable cause = refusal;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    assertTrue(cause.toString().contains("ENOSPC"), refusal.toString());
  }

  /// A table that found no room on the disk ended all writing until the store was opened again, also
  /// where somebody made room a moment later. Now writers are told after a second, and go on when there
  /// is some.
  @Test
  void aFullDiskRefusesWritersOnlyWhileItIsFull() throws IOException {
    simulate(
        new Faults(),
        (host, disk, options) -> {
          int count;
          try (Store store = Store.open(DIRECTORY, options)) {
            store.put(bytes("key0"), value(0));
            disk.limitCapacity(0); // No file grows any more; the log has some that are long enough.
            assertIsOfTheDisk(assertThrows(IOException.class, store::flush));
            count = fill(store, 1);
            assertEquals(count, fill(store, count));
            assertArrayEquals(value(0), store.get(bytes("key0")));
            disk.limitCapacity(Long.MAX_VALUE);
            host.park(host.nanoTime() + 2_000_000_000L);
            store.put(bytes("after"), bytes("all"));
            store.compact();
            requireAll(store, count);
          }
          try (Store store = Store.open(DIRECTORY, options)) {
            requireAll(store, count);
          }
        });
  }

  /// As above, for each single write and sync of a table, which the writer does not even notice.
  @Test
  void whatFindsNoRoomOnceIsDoneAgain() throws IOException {
    for (String errno : new String[] {"ENOSPC", "EDQUOT"}) {
      for (int at = 1; at <= 8; at++) {
        Faults faults = new Faults();
        faults
            .error(errno, SimOperation.WRITE, SimOperation.SYNC, SimOperation.DATA_SYNC)
            .inFiles("table-*")
            .at(at);
        simulate(
            faults,
            (host, disk, options) -> {
              try (Store store = Store.open(DIRECTORY, options)) {
                for (int i = 0; i < 60; i++) {
                  store.put(bytes("key" + i), value(i));
                }
                store.compact();
                requireAll(store, 60);
                assertEquals(1, faults.struck());
              }
            });
      }
    }
  }

  private void requireAll(Store store, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      assertArrayEquals(value(i), store.get(bytes("key" + i)), "key" + i);
    }
  }
}
