package dev.iobus.storage.wal;

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
import dev.iobus.storage.wal.AppendPrimitive.Way;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a log counts is what was done to its files, to the byte, whichever way it writes.
final class LogStatsTest {

  private static final Path DIRECTORY = Path.of("/sim/log");
  private static final int RECORDS = 5;
  private static final int LENGTH = 100;

  @ParameterizedTest
  @EnumSource(Way.class)
  void bytesAndSyncsAreCountedExactly(Way way) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(Path.of("/sim"));
    SimScheduler host = new SimScheduler(1, disk, new Faults(), SimDevice.NVME);
    assertTrue(host.run(() -> count(host, way)));
  }

  private static void count(SimScheduler host, Way way) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      TracedFiles files = new TracedFiles(LogFiles.of(directory), Map.of());
      try (Wal wal = open(host, directory, files, way)) {
        int before = files.ops().size();
        WalStats opened = wal.stats();
        assertEquals(1, opened.syncs(), "the header");
        assertEquals(0, opened.bytes() + opened.paddedBytes() + opened.groups());
        for (int i = 0; i < RECORDS; i++) {
          wal.append(
              MemorySegment.ofArray(LogHarness.record(i, LENGTH)), Durability.SYNCED);
        }
        check(wal.stats(), RECORDS, 1 + RECORDS, files.ops().subList(before, files.ops().size()));
        wal.append(MemorySegment.ofArray(LogHarness.record(9, LENGTH)), Durability.WRITTEN);
        check(
            wal.stats(), RECORDS + 1, 1 + RECORDS, files.ops().subList(before, files.ops().size()));
        wal.sync();
        check(
            wal.stats(), RECORDS + 1, 2 + RECORDS, files.ops().subList(before, files.ops().size()));
        String mode = wal.appendPrimitive().direct() ? "direct " : "buffered ";
        assertTrue(wal.stats().primitive().startsWith(mode + label(way)), wal.primitive());
        assertTrue(wal.stats().primitive().contains("; direct, median of "), wal.primitive());
        assertTrue(wal.stats().primitive().contains("; buffered, median of "), wal.primitive());
        assertEquals(1, wal.stats().segmentsCreated());
        assertEquals(0, wal.stats().segmentsReused() + wal.stats().segmentWaits());
        assertEquals(0, wal.stats().overlappedGroups() + wal.stats().slowWrites());
      }
    }
  }

  private static String label(Way way) {
    return switch (way) {
      case DSYNC -> "DSYNC write;";
      case SYNC -> "write + fdatasync;";
      case LINKED -> "write + fdatasync, linked;";
    };
  }

  private static void check(WalStats stats, int records, int syncs, List<TracedFiles.Op> ops) {
    long transferred = 0;
    long waits = 1; // For the header, before these.
    for (TracedFiles.Op op : ops) {
      transferred += op.bytes.length;
      waits += op.isSync() ? 1 : 0;
    }
    assertEquals(records, stats.records());
    assertEquals(records, stats.groups());
    assertEquals(records * WalFormat.frameBytes(LENGTH), stats.bytes());
    assertEquals(transferred, stats.bytes() + stats.paddedBytes());
    assertEquals(syncs, stats.syncs());
    assertEquals(waits, stats.syncs());
  }

  /// Opens a log on a device that is quickest in the one way.
  private static Wal open(
      SimScheduler host, DataDirectory directory, TracedFiles files, Way way)
      throws IOException {
    files.quickestIn(way, () -> host.park(host.nanoTime() + 20_000_000));
    Wal wal =
        Wal.open(
            directory,
            files,
            LogHarness.TINY,
            WalStart.NEW,
            new MemoryBudget(16 << 20),
            (lsn, end, payload) -> {});
    files.fault(op -> {});
    assertEquals(way, wal.appendPrimitive().way(), wal.primitive());
    return wal;
  }

  /// A long record is as many groups as it has pieces, and a close writes one mark, synced.
  @Test
  void piecesAndTheLastMarkAreGroups() throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(Path.of("/sim"));
    SimScheduler host = new SimScheduler(2, disk, new Faults(), SimDevice.NVME);
    assertTrue(host.run(() -> writeLong(host)));
  }

  private static void writeLong(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      TracedFiles files = new TracedFiles(LogFiles.of(directory), Map.of());
      Wal wal = open(host, directory, files, Way.DSYNC);
      wal.append(MemorySegment.ofArray(LogHarness.record(1, 40_000)), Durability.SYNCED);
      int most = (16 << 10) - WalFormat.FRAME_HEADER_BYTES;
      long bytes =
          2 * WalFormat.frameBytes(most) + WalFormat.frameBytes(40_000 - 2 * most);
      WalStats stats = wal.stats();
      assertEquals(1, stats.records());
      assertEquals(3, stats.groups());
      assertEquals(bytes, stats.bytes());
      assertEquals(WalFormat.alignUp(bytes, 4096) - bytes, stats.paddedBytes());
      wal.close();
      WalStats closed = wal.stats();
      assertEquals(4, closed.groups());
      assertEquals(bytes + WalFormat.frameBytes(0), closed.bytes());
      assertEquals(stats.syncs() + 1, closed.syncs());
    }
  }
}
