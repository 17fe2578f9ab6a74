package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static dev.iobus.storage.wal.TracedDirectory.append;
import static dev.iobus.storage.wal.TracedDirectory.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Devices that are slow: that is waited for, and told.
@Timeout(60)
class SlowDeviceTest {

  @TempDir Path path;

  private TracedDirectory traced;

  @BeforeEach
  void openDirectory() throws IOException {
    traced = new TracedDirectory(path.resolve("log"));
  }

  @AfterEach
  void closeDirectory() throws IOException {
    traced.close();
  }

  @Test
  void slowWriteIsToldAndWaitedFor() throws Exception {
    Wal wal = traced.open(Way.DSYNC);
    append(wal, 0);
    CountDownLatch go = new CountDownLatch(1);
    traced.fault(
        op -> {
          if (op.dsync) {
            await(go);
          }
        });
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      Future<Long> append = threads.submit(() -> append(wal, 1));
      while (wal.stats().slowWrites() == 0) {
        LockSupport.parkNanos(10_000_000);
        assertFalse(append.isDone());
      }
      go.countDown();
      long end = append.get(20, TimeUnit.SECONDS);
      assertTrue(wal.durableLsn() >= end);
      assertEquals(1, wal.stats().slowWrites());
      assertTrue(wal.stats().longestWriteNanos() >= 400_000_000, wal.stats().toString());
    }
    wal.close();
  }

  /// The task that looks for slow writes was the one that writes what nobody waits for. So while the
  /// device hung under such a write nobody was told, and the write was never counted.
  @Test
  void slowWriteOfBufferedRecordsIsTold() throws Exception {
    Wal wal = traced.openGrowing();
    append(wal, 0);
    long before = wal.stats().slowWrites();
    CountDownLatch go = new CountDownLatch(1);
    List<RecordedEvent> told =
        eventsOf(
            "dev.iobus.LogSlowWrite",
            () -> {
              traced.fault(
                  op -> {
                    if (op.kind == TracedFiles.Kind.WRITE) {
                      await(go);
                    }
                  });
              wal.append(MemorySegment.ofArray(record(1, 100)));
              while (wal.stats().slowWrites() == before) {
                LockSupport.parkNanos(10_000_000);
              }
              go.countDown();
              wal.close(); // The task that tells has ended then.
            });
    RecordedEvent first = told.getFirst();
    assertEquals(WalFormat.frameBytes(100), first.getLong("bytes"));
    assertTrue(first.getDuration("time").toMillis() >= 500, told::toString);
  }

  @Test
  void slowWriteIsToldThatNobodySawInFlight() {
    LogCounts counts = new LogCounts();
    FlightLine line = new FlightLine(counts);
    Flight quick = new Flight(null, null, true, false, 0);
    Flight slow = new Flight(null, null, true, false, 0);
    Flight slower = new Flight(null, null, true, false, 0);
    List.of(quick, slow, slower).forEach(line::begin);
    quick.endNanos = 499_999_999;
    assertFalse(line.completed(quick));
    slow.endNanos = 550_000_000;
    assertTrue(line.completed(slow));
    assertEquals(List.of(slower), line.takeSlow(600_000_000));
    slower.endNanos = 700_000_000;
    assertFalse(line.completed(slower), "it was told of");
    Flight one = new Flight(null, null, true, false, 0);
    Flight other = new Flight(null, null, true, false, 0);
    List.of(one, other).forEach(line::begin);
    assertEquals(List.of(one, other), line.takeSlow(500_000_000));
    assertEquals(List.of(), line.takeSlow(600_000_000));
  }

  /// A write that had failed stayed in the line as if the device were still at it, and was told to be slow
  /// when its time had come.
  @Test
  void writeThatHasFailedIsNotSlow() throws Exception {
    LogCounts counts = new LogCounts();
    FlightLine line = new FlightLine(counts);
    Flight failed = new Flight(null, null, true, true, 0);
    Flight other = new Flight(null, null, true, true, 0);
    List.of(failed, other).forEach(line::begin);
    line.failed(failed);
    assertEquals(List.of(other), line.takeSlow(600_000_000));

    SimDisk disk = new SimDisk();
    disk.createDirectories(Path.of("/sim"));
    SimScheduler host = new SimScheduler(1, disk);
    assertTrue(host.run(() -> failAfterAlmostTooLong(host)));
  }

  private static void failAfterAlmostTooLong(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, Path.of("/sim/log"))) {
      TracedFiles files = new TracedFiles(LogFiles.of(directory), Map.of());
      Wal wal =
          Wal.open(
              directory,
              files,
              LogHarness.TINY,
              WalStart.NEW,
              new MemoryBudget(16 << 20),
              (lsn, end, payload) -> {});
      files.fault(
          op -> {
            if (op.isSync()) {
              host.park(host.nanoTime() + 450_000_000);
              throw new IOException("EIO");
            }
          });
      assertThrows(WalFailedException.class, () -> append(wal, 0));
      host.park(host.nanoTime() + 2_000_000_000);
      assertEquals(0, wal.stats().slowWrites());
      assertThrows(WalFailedException.class, wal::close);
    }
  }

  @Test
  void segmentThatIsLateIsTold() throws Exception {
    Wal wal = traced.openGrowing();
    List<RecordedEvent> told =
        eventsOf(
            "dev.iobus.LogSegmentLate",
            () -> {
              traced.fault(
                  op -> {
                    while (op.isMaking() && wal.stats().segmentWaits() == 0) {
                      LockSupport.parkNanos(1_000_000);
                    }
                  });
              for (int i = 0; i < 30; i++) {
                wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
              }
            });
    assertTrue(wal.stats().segmentWaits() > 0);
    assertEquals(wal.stats().segmentWaits(), told.size());
    String log = traced.directory().path().resolve("wal").toString();
    assertEquals(log, told.getFirst().getString("log"));
    wal.close();
  }

  @FunctionalInterface
  private interface Told {
    void run() throws Exception;
  }

  /// The events of that name that Flight Recorder is given meanwhile.
  private List<RecordedEvent> eventsOf(String event, Told told) throws Exception {
    Path file = path.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.enable(event);
      recording.start();
      told.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(found -> found.getEventType().getName().equals(event))
        .toList();
  }
}
