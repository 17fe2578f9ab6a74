package dev.iobus.bench.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.bench.command.Threads;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.RecordConsumer;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import dev.iobus.bench.host.FlushWitness;
import org.junit.jupiter.api.Test;
import dev.iobus.bench.host.FlushWitness;
import org.junit.jupiter.api.io.TempDir;

/// Short runs of real logs.
final class WalComparisonTest {

  private static final long NANOS = 60_000_000;

  @TempDir private Path directory;

  private final ResultBuilder result = new ResultBuilder("wal");

  @Test
  void everyRecordIsReadAgain() throws Exception {
    WalSettings settings =
        settings(List.of(Threads.ONE, Threads.parse("4"), Threads.parse("50v")), 2);
    new WalComparison(settings, directory, Progress.none(), result).run();
    Result measured = result.build();
    Rows rows = Rows.of(measured);
    assertEquals(
        List.of(
            "SYNCED 100 B, 1 thread",
            "SYNCED 100 B, 4 threads",
            "SYNCED 100 B, 50v threads",
            "WRITTEN 100 B, 1 thread",
            "BUFFERED 100 B, 1 thread"),
        List.copyOf(rows.workloads().keySet()));
    rows.workloads()
        .forEach(
            (workload, subjects) -> {
              assertEquals("wal", subjects.firstEntry().getKey(), workload);
              // Nothing else writes to memory alone.
              assertEquals(workload.startsWith("BUFFERED"), subjects.size() == 1, workload);
              subjects.forEach((subject, runs) -> assertEquals(2, runs.size(), subject));
            });
    for (Run run : measured.runs()) {
      assertTrue(run.operations() > 0, run.toString());
      assertTrue(run.value(Metric.OPERATIONS_PER_SECOND) > 0, run.toString());
    }
    String said = String.valueOf(measured.facts().get("SYNCED 100 B, 1 thread"));
    assertTrue(said.contains("records read again"), said);
  }

  /// An acknowledgement that never was stands for a record that went.
  @Test
  void recordThatTheLogDoesNotGiveBackIsNoticed() throws Exception {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory data = DataDirectory.open(bus, directory.resolve("log"))) {
      Appends appends;
      try (Wal wal = open(data, (lsn, end, payload) -> {})) {
        appends = new Appends(wal, Durability.WRITTEN, Threads.ONE, 1, 100, 64 << 20);
        appends.runFor(NANOS, Progress.none());
      }
      RecoveredRecords recovered = new RecoveredRecords(1, 1, 100, true);
      open(data, recovered).close();
      long[] acknowledged = appends.acknowledged();
      assertEquals(acknowledged[0], recovered.finish(acknowledged));
      acknowledged[0]++;
      assertThrows(MismatchException.class, () -> recovered.finish(acknowledged));
    }
  }

  private static Wal open(DataDirectory data, RecordConsumer consumer) throws IOException {
    return Wal.open(
        data, WalOptions.defaults(), WalStart.NEW, new MemoryBudget(16 << 20), consumer);
  }

  /// Under the directory that is asked here lies no device that flushes, so no acknowledgement can be
  /// true.
  @Test
  void logThatDoesNotSyncFailsTheRun() throws Exception {
    Path nothing = Path.of("/proc");
    assumeTrue(Files.isDirectory(nothing), "this host has no /proc");
    WalSettings settings = settings(List.of(Threads.ONE), 1);
    WalWorkload workload =
        new WalWorkload(
            Durability.SYNCED, Threads.ONE, 100, new FlushWitness(null, null), result);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        MeasuredLog log =
            MeasuredLog.create(
                bus, directory.resolve("log"), nothing, settings, Progress.none())) {
      RawFile file = RawFile.create(directory.resolve("raw"), settings.rawFileBytes());
      RawLoops loops = new RawLoops(file, nothing, settings, Progress.none(), result);
      MismatchException e =
          assertThrows(MismatchException.class, () -> workload.round(0, log, loops));
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("wal: acknowledged without a sync"), message);
    }
  }

  private static WalSettings settings(List<Threads> threads, int rounds) {
    return new WalSettings(
        Durability.SYNCED, threads, true, 100, rounds, NANOS, null, 1 << 20, 1 << 20);
  }
}
