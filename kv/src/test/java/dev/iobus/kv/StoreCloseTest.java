package dev.iobus.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A store that is closed while others call it, on a simulated host: the seed decides who comes first.
class StoreCloseTest {

  private static final Path DIRECTORY = Path.of("/iobus-simulation/store");

  /// Seeds of one test.
  private static final int SEEDS = 60;

  /// Between the look whether the store is open and the entry into its list a cursor takes holds of
  /// memtables and of a view. When the store was closed in between nobody gave them back: the close
  /// waited for them for ever.
  @Test
  void aCursorThatMeetsTheCloseHoldsNothing() throws IOException {
    int[] refused = {0};
    for (int seed = 1; seed <= SEEDS; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
      SimScheduler host = new SimScheduler(seed, disk);
      assertTrue(host.run(() -> closeUnderCursors(host, refused)), "seed " + seed);
      assertEquals(List.of(), host.leftovers(), "seed " + seed);
    }
    assertTrue(refused[0] > 0, "no cursor met a close");
  }

  private static void closeUnderCursors(SimScheduler host, int[] refused) throws IOException {
    StoreOptions options =
        StoreOptions.defaults()
            .withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN)
            .withMemtableBytes(64 << 10)
            .withLogSegmentBytes(64 << 10, 1 << 20)
            .withScheduler(host);
    Store store = Store.open(DIRECTORY, options);
    store.put("key".getBytes(UTF_8), "value".getBytes(UTF_8));
    boolean[] ended = {false};
    host.start(
        "opener",
        () -> {
          try {
            while (true) {
              store.cursor();
            }
          } catch (IllegalStateException e) {
            refused[0]++;
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          ended[0] = true;
        });
    host.yield();
    store.close();
    while (!ended[0]) {
      host.yield();
    }
  }
}
