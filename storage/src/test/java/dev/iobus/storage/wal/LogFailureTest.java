package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Devices that fail, that are slow, and that complete in another order than they were asked in.
@Timeout(60)
class LogFailureTest {

  private static final long TRIAL_NANOS = 2_000_000;

  @TempDir Path path;

  private SharedBus bus;
  private DataDirectory directory;
  private TracedFiles files;

  @BeforeEach
  void openDirectory() throws IOException {
    bus = SharedBus.open(BusOptions.defaults());
    directory = DataDirectory.open(bus, path.resolve("log"));
    files = new TracedFiles(LogFiles.of(directory), Map.of());
  }

  @AfterEach
  void closeDirectory() throws IOException {
    directory.close();
    bus.close();
  }

  /// Opens a log on a device that is quickest in the one way.
  private Wal open(Way way) throws IOException {
    files.quickestIn(way, () -> LockSupport.parkNanos(TRIAL_NANOS));
    Wal wal =
        Wal.open(
            directory,
            files,
            LogHarness.TINY,
            WalStart.NEW,
            new MemoryBudget(16 << 20),
            (lsn, end, payload) -> {});
    files.fault(op -> {});
    Assumptions.assumeFalse(directory.isCopyOnWrite());
    assertEquals(way, wal.appendPrimitive().way(), wal.primitive());
    return wal;
  }

  private static long append(Wal wal, int number) throws IOException {
    return wal.append(MemorySegment.ofArray(record(number, 100)), Durability.SYNCED);
  }

  /// What a crash now would leave, of which nothing may be there that was not synced.
  private List<byte[]> recover(int number) throws IOException {
    Path own = Files.createDirectory(path.resolve("recovered" + number));
    Random random = new Random(number);
    for (var file : files.imageAt(files.now(), true, random).entrySet()) {
      Files.write(own.resolve(file.getKey()), file.getValue());
    }
    List<byte[]> found = new ArrayList<>();
    try (DataDirectory recovered = DataDirectory.open(bus, own)) {
      Wal.open(
              recovered,
              LogHarness.TINY,
              WalStart.NEW,
              new MemoryBudget(16 << 20),
              (lsn, end, payload) -> found.add(payload.toArray(JAVA_BYTE)))
          .abandon();
    }
    return found;
  }

  private void failedSyncIsFinal(Way way) throws Exception {
    Wal wal = open(way);
    long safe = append(wal, 0);
    IOException first = new IOException("EIO");
    AtomicInteger syncs = new AtomicInteger();
    files.fault(
        op -> {
          // Once, as a kernel that forgets what it has told.
          if (op.isSync() && syncs.getAndIncrement() == 0) {
            throw first;
          }
        });
    WalFailedException failed = assertThrows(WalFailedException.class, () -> append(wal, 1));
    assertSame(first, failed.getCause());
    for (int i = 2; i < 5; i++) {
      int number = i;
      assertSame(
          first, assertThrows(WalFailedException.class, () -> append(wal, number)).getCause());
    }
    assertSame(first, assertThrows(WalFailedException.class, wal::sync).getCause());
    assertEquals(1, syncs.get(), "nothing more went to the device");
    assertEquals(safe, wal.durableLsn());
    wal.await(safe, Durability.SYNCED);
    try (WalReader reader = wal.reader(0, Durability.SYNCED)) {
      assertTrue(reader.next(), "reads go on");
      assertFalse(reader.next(TimeUnit.SECONDS.toNanos(20)), "and wait for nothing");
    }
    assertThrows(WalFailedException.class, wal::close);
    for (int i = 0; i < 10; i++) {
      List<byte[]> found = recover(i);
      assertTrue(found.size() == 1 || found.size() == 2, "the one of unknown outcome, at most");
      assertArrayEquals(record(0, 100), found.get(0));
    }
  }

  @Test
  void failedDurableWriteIsFinal() throws Exception {
    failedSyncIsFinal(Way.DSYNC);
  }

  @Test
  void failedDataSyncIsFinal() throws Exception {
    failedSyncIsFinal(Way.SYNC);
  }

  @Test
  void failedTiedSyncIsFinal() throws Exception {
    failedSyncIsFinal(Way.LINKED);
  }

  /// Lets the first durable write wait while a second one, begun later, completes.
  private void completeInReverse(boolean fail) throws Exception {
    Wal wal = open(Way.DSYNC);
    long safe = append(wal, 0);
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    AtomicInteger writes = new AtomicInteger();
    files.fault(
        op -> {
          if (!op.dsync) {
            return;
          }
          if (writes.getAndIncrement() == 0) {
            begun.countDown();
            await(first);
            if (fail) {
              throw new IOException("EIO");
            }
          } else {
            second.countDown();
          }
        });
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Long> one = threads.submit(() -> append(wal, 1));
      await(begun);
      Future<Long> two = threads.submit(() -> append(wal, 2));
      await(second);
      assertThrows(
          TimeoutException.class,
          () -> two.get(100, TimeUnit.MILLISECONDS),
          "its own bytes are durable, but not what is before them");
      assertEquals(safe, wal.durableLsn());
      first.countDown();
      if (fail) {
        for (Future<Long> each : List.of(one, two)) {
          assertInstanceOf(
              WalFailedException.class,
              assertThrows(ExecutionException.class, () -> each.get(20, TimeUnit.SECONDS))
                  .getCause());
        }
        assertEquals(safe, wal.durableLsn());
        assertThrows(WalFailedException.class, wal::close);
      } else {
        assertTrue(one.get(20, TimeUnit.SECONDS) < two.get(20, TimeUnit.SECONDS));
        assertEquals(1, wal.stats().overlappedGroups());
        wal.close();
        assertEquals(3, recover(2).size());
      }
    }
  }

  @Test
  void laterGroupIsAcknowledgedAfterTheEarlier() throws Exception {
    completeInReverse(false);
  }

  @Test
  void laterGroupFailsWithTheEarlier() throws Exception {
    completeInReverse(true);
  }

  @Test
  void slowWriteIsToldAndWaitedFor() throws Exception {
    Wal wal = open(Way.DSYNC);
    append(wal, 0);
    CountDownLatch go = new CountDownLatch(1);
    files.fault(
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
    Wal wal = openGrowing();
    append(wal, 0);
    long before = wal.stats().slowWrites();
    CountDownLatch go = new CountDownLatch(1);
    List<RecordedEvent> told =
        eventsOf(
            "dev.iobus.LogSlowWrite",
            () -> {
              files.fault(
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
    Wal wal = openGrowing();
    List<RecordedEvent> told =
        eventsOf(
            "dev.iobus.LogSegmentLate",
            () -> {
              files.fault(
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
    assertEquals(directory.path().resolve("wal").toString(), told.getFirst().getString("log"));
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

  /// The mark that an idle log writes took the last place on a full disk. Closing it found none for
  /// its own, which is synced, and did not say so.
  @Test
  void markOfAnIdleLogLeavesAPlaceForTheLastOne() throws Exception {
    Wal wal = openGrowing();
    fillDisk(new AtomicInteger());
    appendUntilFull(wal);
    LockSupport.parkNanos(3 * LogTimer.IDLE_NANOS);
    int before = files.ops().size();
    wal.close();
    boolean marked = false;
    for (TracedFiles.Op op : files.ops().subList(before, files.ops().size())) {
      // Not what was tried in vain to make a segment.
      marked |= op.kind == TracedFiles.Kind.WRITE && !op.isMaking();
    }
    assertTrue(marked, "no mark was written");
  }

  /// A slot that was to be used again and could not be opened, for want of a descriptor, was lost
  /// until the log was opened anew.
  @Test
  void slotThatCannotBeOpenedNowIsUsedLater() throws Exception {
    try (Wal wal = open(Way.DSYNC)) {
      long end = 0;
      while (wal.stats().segmentsCreated() < 6) {
        end = wal.append(MemorySegment.ofArray(record(0, 3_000)), Durability.SYNCED);
      }
      wal.release(end);
      AtomicInteger refused = new AtomicInteger();
      files.fault(
          op -> {
            if (op.kind == TracedFiles.Kind.OPEN && refused.getAndIncrement() == 0) {
              throw new IOException("EMFILE");
            }
          });
      int before = files.ops().size();
      int full = 0;
      List<String> opened = new ArrayList<>();
      for (int i = 0; i < 500 && opened.size() == Set.copyOf(opened).size(); i++) {
        try {
          wal.release(wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED));
        } catch (WalFullException e) {
          full++;
        }
        opened.clear();
        for (TracedFiles.Op op : files.ops().subList(before, files.ops().size())) {
          if (op.kind == TracedFiles.Kind.OPEN) {
            opened.add(op.name);
          }
        }
      }
      assertTrue(full <= 1, full + " appends were refused");
      assertEquals(opened.getFirst(), opened.getLast(), () -> "the first was lost: " + opened);
    }
  }

  /// Opens a log whose segments grow.
  private Wal openGrowing() throws IOException {
    return openGrowing(64 << 10);
  }

  private Wal openGrowing(int firstSegmentBytes) throws IOException {
    WalOptions options = LogHarness.TINY.withSegmentBytes(firstSegmentBytes, 1 << 20);
    return Wal.open(
        directory, files, options, WalStart.NEW, new MemoryBudget(16 << 20), (lsn, end, bytes) -> {});
  }

  /// Makes the disk full for new segments.
  private void fillDisk(AtomicInteger refused) {
    files.fault(
        op -> {
          if (op.isMaking()) {
            refused.getAndIncrement();
            throw new IOException("ENOSPC");
          }
        });
  }

  /// Appends until the disk is full. Returns the end of the last record.
  private static long appendUntilFull(Wal wal) {
    long[] end = {0};
    assertThrows(
        WalFullException.class,
        () -> {
          for (int i = 0; i < 10_000; i++) {
            end[0] = wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
          }
        });
    return end[0];
  }

  /// Each creation of a segment that failed used a number up. When a full disk had refused a million
  /// of them the next one killed the task that makes segments, and all writers waited for ever, even
  /// when there was room again.
  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void numbersOfSlotsDoNotRunOut() throws Exception {
    try (Wal wal = openGrowing()) {
      append(wal, 0);
    }
    Path first = directory.path().resolve("wal-000001");
    Files.move(first, directory.path().resolve("wal-999997"));
    try (Wal wal = openGrowing()) {
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      for (int i = 0; i < 4; i++) {
        appendUntilFull(wal);
      }
      assertTrue(refused.get() >= 4, () -> refused + " were refused");
      files.fault(op -> {});
      for (int i = 0; i < 100; i++) {
        append(wal, i);
      }
    }
  }

  /// The numbers of segments that are deleted when they are released ran out too, and then no log
  /// could be opened any more.
  @Test
  void logWithTheLargestNumberOpens() throws Exception {
    try (Wal wal = openGrowing()) {
      append(wal, 0);
    }
    Path first = directory.path().resolve("wal-000001");
    Files.move(first, directory.path().resolve("wal-999999"));
    try (Wal wal = openGrowing()) {
      append(wal, 1);
    }
    assertTrue(Files.exists(first));
  }

  /// What was refused for want of space made the next segment twice as large, and segments that were
  /// there were deleted, as too small for it, in place of being used.
  @Test
  void fullDiskUsesTheSegmentsThatItHas() throws Exception {
    try (Wal wal = openGrowing()) {
      for (int i = 0; i < 30; i++) {
        wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
      }
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      long end = appendUntilFull(wal);
      assertTrue(wal.stats().segmentsCreated() >= 2, () -> wal.stats().toString());
      wal.release(end);
      int before = refused.get();
      append(wal, 0);
      assertEquals(before, refused.get());
      assertEquals(1, wal.stats().segmentsReused());
      files.fault(op -> {});
    }
  }

  @Test
  void refusedSegmentsDoNotGrow() throws Exception {
    try (Wal wal = openGrowing()) {
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      for (int i = 0; i < 5; i++) {
        appendUntilFull(wal);
      }
      files.fault(op -> {});
      for (int i = 0; i < 20; i++) {
        wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
      }
      wal.sync();
      for (String name : directory.list()) {
        if (name.startsWith("wal-")) {
          assertTrue(Files.size(directory.path().resolve(name)) <= 256 << 10, name);
        }
      }
    }
  }

  /// A segment that was to be ready in time could not be made, when the disk was full for a moment.
  /// Much later the first append that needed it was refused, though there was room.
  @Test
  void failureOfLongAgoRefusesNothing() throws Exception {
    // Half of it is left when the next one is asked for.
    try (Wal wal = openGrowing(256 << 10)) {
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      int i = 0;
      while (refused.get() == 0) {
        wal.append(MemorySegment.ofArray(record(i++, 3_000)), Durability.SYNCED);
        LockSupport.parkNanos(1_000_000);
      }
      files.fault(op -> {});
      LockSupport.parkNanos(50_000_000);
      for (int more = 0; more < 60; more++) {
        wal.append(MemorySegment.ofArray(record(i++, 3_000)), Durability.SYNCED);
      }
    }
  }

  /// The write of a group for which callbacks alone waited ended with an error of the virtual machine.
  /// It ended the task of the callbacks too, which were told nothing, and stages never completed.
  @Test
  void errorOfAWriteForCallbacksReachesThem() throws Exception {
    Wal wal = openGrowing();
    files.fault(
        op -> {
          if (op.isSync()) {
            throw new AssertionError("planned by a test");
          }
        });
    long end = wal.append(MemorySegment.ofArray(record(0, 100)));
    List<CompletableFuture<Long>> stages = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      stages.add(wal.whenReached(end, Durability.SYNCED).toCompletableFuture());
    }
    for (CompletableFuture<Long> stage : stages) {
      ExecutionException told =
          assertThrows(ExecutionException.class, () -> stage.get(20, TimeUnit.SECONDS));
      assertInstanceOf(WalFailedException.class, told.getCause());
    }
    assertThrows(WalFailedException.class, wal::close);
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(20, TimeUnit.SECONDS)) {
        throw new IOException("waited in vain");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
