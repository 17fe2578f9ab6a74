package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// When the open group may be sealed while others still have the right to append to it.
final class RoomTest {

  private static final Path DIRECTORY = Path.of("/sim/log");
  private static final int RECORD_BYTES = 100;

  private final List<byte[]> appended = new ArrayList<>();

  /// A permit is honoured at once, whatever is sealed meanwhile. On a full disk there may be no place
  /// behind the open group: who leads waits then until the permits are used, be it alone.
  @Test
  void groupBehindWhichThereIsNoPlaceWaitsForPermits() throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(Path.of("/sim"));
    SimScheduler host = new SimScheduler(1, disk);
    assertTrue(host.run(() -> holdPermit(host)));
  }

  private void holdPermit(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      TracedFiles files = new TracedFiles(LogFiles.of(directory), Map.of());
      try (Wal wal = open(directory, files)) {
        files.fault(
            op -> {
              if (op.isMaking()) {
                throw new IOException("ENOSPC");
              }
            });
        fillUpToTheLastButOne(wal, directory.blockSize());
        Permit held = wal.acquire(RECORD_BYTES);
        Permit used = wal.acquire(RECORD_BYTES);
        append(wal);
        long end = put(wal, used);
        host.start("leader", () -> await(wal, end));
        host.park(host.nanoTime() + 50_000_000);
        assertTrue(wal.durableLsn() < end, "sealed under a permit");
        await(wal, put(wal, held));
      }
      List<byte[]> found = new ArrayList<>();
      Wal.open(
              directory,
              LogHarness.TINY,
              WalStart.NEW,
              new MemoryBudget(16 << 20),
              (lsn, recordEnd, payload) -> found.add(payload.toArray(JAVA_BYTE)))
          .close();
      assertEquals(appended.size(), found.size());
      for (int i = 0; i < found.size(); i++) {
        assertArrayEquals(appended.get(i), found.get(i), "record " + i);
      }
    }
  }

  private static Wal open(DataDirectory directory, LogFiles files) throws IOException {
    return Wal.open(
        directory,
        files,
        LogHarness.TINY,
        WalStart.NEW,
        new MemoryBudget(16 << 20),
        (lsn, end, payload) -> {});
  }

  /// Groups of one record, until one more takes the place behind which a group can still follow.
  private void fillUpToTheLastButOne(Wal wal, int blockSize) throws IOException {
    long last = LogHarness.TINY.firstSegmentBytes() - 2L * LogHarness.TINY.groupBufferBytes();
    for (long offset = blockSize; offset < last; offset += blockSize) {
      append(wal);
    }
  }

  private void append(Wal wal) throws IOException {
    wal.append(MemorySegment.ofArray(next()), Durability.SYNCED);
  }

  private long put(Wal wal, Permit permit) {
    Place place = wal.reserve(permit);
    place.put(0, MemorySegment.ofArray(next()), 0, RECORD_BYTES);
    place.fill();
    return place.end();
  }

  private byte[] next() {
    byte[] bytes = record(appended.size(), RECORD_BYTES);
    appended.add(bytes);
    return bytes;
  }

  private static void await(Wal wal, long end) {
    try {
      wal.await(end, Durability.SYNCED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
