package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A log on a device that is quicker through the kernel's cache: it writes through that and never past
/// it, and promises what every log does.
final class BufferedLogTest {

  private static final Path DIRECTORY = Path.of("/sim/log");
  private static final int EACH = 40;

  private final List<byte[]> written = new ArrayList<>();

  @Test
  void whatIsWrittenThroughTheCacheSurvivesPowerLoss() throws IOException {
    for (int seed = 1; seed <= 4; seed++) {
      written.clear();
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/sim"));
      for (int life = 0; life < 3; life++) {
        SimScheduler host =
            new SimScheduler(10L * seed + life, disk, new Faults(), SimDevice.NVME);
        assertTrue(host.run(() -> live(host)));
        disk = disk.crash(seed, 0);
      }
    }
  }

  private void live(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      SlowedFiles files = SlowedFiles.pastTheCache(LogFiles.of(directory), host);
      List<byte[]> found = new ArrayList<>();
      Wal wal =
          Wal.open(
              directory,
              files,
              LogHarness.TINY,
              WalStart.NEW,
              new MemoryBudget(16 << 20),
              (lsn, end, payload) -> found.add(payload.toArray(ValueLayout.JAVA_BYTE)));
      check(found);
      assertTrue(wal.primitive().startsWith("buffered "), wal.primitive());
      assertFalse(wal.appendPrimitive().direct());
      int before = files.directWrites.get();
      append(wal);
      assertEquals(before, files.directWrites.get(), "writes past the cache");
      wal.abandon();
    }
  }

  private void append(Wal wal) throws IOException {
    try (WalReader reader = wal.reader(wal.tail(), Durability.SYNCED)) {
      for (int i = 0; i < EACH; i++) {
        int length = i % 10 == 9 ? 40_000 : 3000;
        byte[] record = LogHarness.record(written.size(), length);
        wal.append(MemorySegment.ofArray(record), Durability.SYNCED);
        written.add(record);
        assertTrue(reader.next(), "record " + i);
        assertArrayEquals(record, reader.payload().toArray(ValueLayout.JAVA_BYTE));
      }
      assertFalse(reader.next());
    }
    // Not waited for: it may be lost.
    wal.append(MemorySegment.ofArray(LogHarness.record(1_000_000, 100)));
  }

  private void check(List<byte[]> found) {
    assertTrue(found.size() >= written.size(), found.size() + " of " + written.size());
    for (int i = 0; i < written.size(); i++) {
      assertArrayEquals(written.get(i), found.get(i), "record " + i);
    }
    assertTrue(found.size() <= written.size() + 1, found.size() + " of " + written.size());
    if (found.size() > written.size()) {
      written.add(found.getLast());
    }
  }
}
