package dev.iobus.kv.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.Store;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A ring that breaks under a store: a table that was being written, or read as a whole, gave its memory
/// back while the kernel still had transfers of it. The simulated kernel fails when it finds it gone.
final class BrokenRingTest {

  private static final Logger BUSSES = Logger.getLogger("dev.iobus");

  /// One wait of so many is the one that breaks.
  private static final int STEP = 7;

  private static final long SECOND = 1_000_000_000L;

  /// A store that fails says so, which is no news here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  @Test
  void memoryInFlightIsNotFreed() throws IOException {
    boolean broke = true;
    for (int wait = 1; broke; wait += STEP) {
      SimDisk disk = StoreRun.newDisk();
      Faults faults = new Faults().breakRingsAt(wait);
      SimScheduler host = new SimScheduler(wait, disk, faults);
      assertTrue(host.runVirtual(() -> run(host)), "wait " + wait);
      broke = faults.haveBrokenRings();
      assertTrue(wait < 20_000, "a run of more than 20,000 waits");
    }
  }

  private static void run(SimScheduler host) {
    try (Store store = Store.open(StoreRun.DIRECTORY, StoreRun.options(host))) {
      try {
        for (int table = 0; table < 2; table++) {
          for (int i = 0; i < 20; i++) {
            store.put(new byte[] {(byte) i}, new byte[1000 + i]);
          }
          store.flush();
        }
        store.compact();
        store.verify();
      } finally {
        // What is in flight ends while the ring is still there.
        StoreRun.pause(host, SECOND);
      }
    } catch (IOException e) {
      assertTrue(host.faults().haveBrokenRings(), e::toString);
    }
  }
}
