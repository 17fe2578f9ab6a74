package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// When records are written that nobody waits for, on a host whose clock is simulated.
class BufferedRecordsTest {

  private static final long MILLI = 1_000_000;

  @Test
  void recordsAreWrittenWithinTenMillisecondsOrWhenTheBufferFills() throws IOException {
    for (int seed = 1; seed <= 5; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/sim"));
      SimScheduler host = new SimScheduler(seed, disk, new Faults(), SimDevice.NVME);
      assertTrue(host.run(() -> appendOn(host)), "seed " + seed);
    }
  }

  private static void appendOn(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, Path.of("/sim/data"));
        Wal wal =
            Wal.open(
                directory,
                LogHarness.TINY,
                WalStart.NEW,
                new MemoryBudget(16 << 20),
                (lsn, end, payload) -> {})) {
      // Half of a group of 16 KiB, and a little less.
      append(wal, 8);
      sleep(host, 8 * MILLI);
      assertEquals(0, wal.stats().groups());
      sleep(host, 4 * MILLI);
      assertEquals(1, wal.stats().groups());
      append(wal, 8);
      append(wal, 1);
      sleep(host, 4 * MILLI);
      assertEquals(2, wal.stats().groups());
    }
  }

  private static void append(Wal wal, int records) throws IOException {
    for (int i = 0; i < records; i++) {
      wal.append(MemorySegment.ofArray(record(i, 900)));
    }
  }

  private static void sleep(SimScheduler host, long nanos) {
    long until = host.nanoTime() + nanos;
    while (host.nanoTime() < until) {
      host.park(until);
    }
  }
}
