package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Damages a log so that it is refused, and looks at what can be read of it all the same.
@Timeout(60)
class WalSalvageTest {

  private static final int BLOCK = 4096;
  private static final String FIRST = "wal-000001";
  private static final String SECOND = "wal-000002";

  @TempDir Path path;

  /// What was appended, by the LSN behind it.
  private final TreeMap<Long, byte[]> appended = new TreeMap<>();

  /// What was given, likewise.
  private final TreeMap<Long, byte[]> given = new TreeMap<>();

  private long append(Wal wal, int number, int length) throws IOException {
    byte[] record = record(number, length);
    long end = LogHarness.append(wal, record, Durability.SYNCED);
    appended.put(end, record);
    return end;
  }

  private Salvaged salvage(LogHarness log, WalStart start) throws IOException {
    given.clear();
    long before = log.budget().reserved();
    Salvaged found =
        Wal.salvage(log.directory(), LogHarness.TINY, start, log.budget(), this::take);
    assertEquals(before, log.budget().reserved());
    assertEquals(given.size(), found.records());
    return found;
  }

  private void take(long lsn, long end, MemorySegment payload) {
    assertTrue(given.isEmpty() || given.lastKey() <= lsn, "records come in the order of the log");
    given.put(end, payload.toArray(ValueLayout.JAVA_BYTE));
  }

  /// What was given is all but the records that end there.
  private void requireAllBut(long... lost) {
    for (long end : lost) {
      assertTrue(appended.remove(end) != null, "no record ends at " + end);
    }
    assertEquals(appended.keySet(), given.keySet());
    appended.forEach((end, record) -> assertArrayEquals(record, given.get(end)));
  }

  @Test
  void aWholeLogHasNoGap() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int i = 0; i < 60; i++) {
        append(wal, i, i * 130);
      }
      append(wal, 60, 150_000);
      long tail = wal.tail();
      wal.close();
      Salvaged found = salvage(log, WalStart.NEW);
      requireAllBut();
      assertEquals(List.of(), found.gaps());
      assertTrue(found.end() > tail, "the mark of the close counts");
      assertEquals(tail, found.durableMark());
    }
  }

  @Test
  void aLogThatIsNotThereIsEmpty() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      assertEquals(new Salvaged(0, 0, 0, List.of()), salvage(log, WalStart.NEW));
    }
  }

  @Test
  void recordsBehindTheDamageAreGiven() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long before = append(wal, 0, 100);
      long lost = append(wal, 1, 100);
      append(wal, 2, 100);
      wal.close();
      log.overwrite(FIRST, 2L * BLOCK + 60, new byte[] {99});
      CorruptionException refused = assertThrows(CorruptionException.class, log::open);
      assertTrue(requireNonNull(refused.getMessage()).contains("Wal.salvage"));
      byte[] content = log.content(FIRST);
      Salvaged found = salvage(log, WalStart.NEW);
      requireAllBut(lost);
      String file = path.resolve(FIRST).toString();
      // The record behind the damage is the third block behind the header.
      assertEquals(
          List.of(new Salvaged.Gap(before, 2L * BLOCK, file, BLOCK + before)), found.gaps());
      assertArrayEquals(content, log.content(FIRST));
    }
  }

  /// Frames of a group follow each other wherever the one before them ends.
  @Test
  void recordsOfTheSameGroupAreGiven() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      List<Long> ends = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        byte[] record = record(i, 100);
        ends.add(LogHarness.append(wal, record));
        appended.put(ends.get(i), record);
      }
      wal.sync();
      wal.close();
      // All of the header: neither its length nor its type can be believed.
      log.overwrite(FIRST, BLOCK + ends.get(1), new byte[WalFormat.FRAME_HEADER_BYTES]);
      Salvaged found = salvage(log, WalStart.NEW);
      requireAllBut(ends.get(2));
      assertEquals(ends.get(1), found.gaps().getFirst().from());
      assertEquals(ends.get(2), found.gaps().getFirst().to());
    }
  }

  @Test
  void aRecordOfManyFramesIsGivenWhollyOrNotAtAll() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long before = append(wal, 0, 100);
      long lost = append(wal, 1, 150_000);
      append(wal, 2, 150_000);
      wal.close();
      log.overwrite(SECOND, 20_000, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
      Salvaged found = salvage(log, WalStart.NEW);
      requireAllBut(lost);
      assertEquals(1, found.gaps().size());
      assertEquals(before, found.gaps().getFirst().from());
      assertTrue(found.gaps().getFirst().to() >= lost);
      assertEquals(path.resolve(SECOND).toString(), found.gaps().getFirst().file());
    }
  }

  @Test
  void whatIsLostAtTheEndIsAGapUpToTheMark() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long before = append(wal, 0, 100);
      long lost = append(wal, 1, 100);
      wal.close();
      log.overwrite(FIRST, 2L * BLOCK, new byte[BLOCK]);
      // The mark of the close is there, and tells.
      assertEquals(2L * BLOCK, salvage(log, WalStart.NEW).gaps().getFirst().to());
      log.overwrite(FIRST, 3L * BLOCK, new byte[BLOCK]);
      Salvaged found = salvage(log, new WalStart(0, lost));
      requireAllBut(lost);
      assertEquals(before, found.end());
      assertEquals(before, found.gaps().getFirst().from());
      assertEquals(lost, found.gaps().getFirst().to());
    }
  }

  @Test
  void aSegmentThatIsMissingIsOneGap() throws IOException {
    for (String victim : new String[] {FIRST, SECOND, "wal-000003"}) {
      Path own = Files.createDirectory(path.resolve(victim));
      appended.clear();
      try (LogHarness log = new LogHarness(own, LogHarness.TINY)) {
        Wal wal = log.open();
        for (int i = 0; i < 100; i++) {
          append(wal, i, 3000);
        }
        wal.close();
        Files.delete(own.resolve(victim));
        Salvaged found = salvage(log, WalStart.NEW);
        assertEquals(1, found.gaps().size(), victim);
        Salvaged.Gap gap = found.gaps().getFirst();
        appended.subMap(gap.from(), false, gap.to(), true).clear();
        requireAllBut();
        assertTrue(given.size() > 60, victim + " held " + (100 - given.size()));
      }
    }
  }

  @Test
  void aSegmentIsReadWithoutItsHeader() throws IOException {
    for (String victim : new String[] {FIRST, SECOND, "wal-000003"}) {
      for (int lost : new int[] {512, BLOCK}) {
        Path own = Files.createDirectory(path.resolve(victim + lost));
        appended.clear();
        try (LogHarness log = new LogHarness(own, LogHarness.TINY)) {
          Wal wal = log.open();
          for (int i = 0; i < 40; i++) {
            append(wal, i, 3000);
          }
          wal.close();
          log.overwrite(victim, 0, new byte[lost]);
          CorruptionException refused = assertThrows(CorruptionException.class, log::open);
          String missing = victim.equals(FIRST) ? "the segment with LSN 0 is missing" : "";
          assertTrue(requireNonNull(refused.getMessage()).contains(missing), refused.getMessage());
          Salvaged found = salvage(log, WalStart.NEW);
          requireAllBut();
          assertEquals(List.of(), found.gaps(), victim);
        }
      }
    }
  }

  /// What an earlier recovery has dropped was never acknowledged, and lies where others are now.
  @Test
  void droppedFramesDoNotReturn() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, 0, 100);
      for (int i = 1; i < 30; i++) {
        LogHarness.append(wal, record(i, 3000), Durability.WRITTEN);
      }
      log.crash();
      byte[] good = log.content(FIRST);
      log.overwrite(FIRST, 2L * BLOCK, new byte[BLOCK]);
      wal = log.open();
      assertInstanceOf(WalTail.Torn.class, wal.recovered());
      long lost = append(wal, 100, 100);
      append(wal, 101, 100);
      append(wal, 102, 100);
      String current = newest(log);
      wal.close();
      log.overwrite(FIRST, 0, good);
      log.overwrite(current, BLOCK + 60, new byte[] {99});
      assertThrows(CorruptionException.class, log::open);
      salvage(log, WalStart.NEW);
      requireAllBut(lost);
      // Nor where the header is lost that tells the epoch of those who took their place.
      log.overwrite(current, 0, new byte[BLOCK]);
      salvage(log, WalStart.NEW);
      assertEquals(appended.keySet(), given.keySet());
    }
  }

  private static String newest(LogHarness log) throws IOException {
    String newest = "";
    long epoch = 0;
    for (String name : log.segments()) {
      SegmentHeader header =
          SegmentHeader.readSecond(LogHarness.direct(log.content(name)).asSlice(0, BLOCK));
      if (requireNonNull(header).epoch() > epoch) {
        epoch = header.epoch();
        newest = name;
      }
    }
    return newest;
  }

  @Test
  void readingBeginsWhereTheOwnerSays() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      long start = 0;
      for (int i = 0; i < 60; i++) {
        long end = append(wal, i, 3000);
        if (i == 30) {
          start = end;
          appended.clear();
        }
      }
      wal.release(start);
      wal.close();
      assertEquals(List.of(), salvage(log, new WalStart(start, 0)).gaps());
      requireAllBut();
    }
  }

  /// A file of which one block cannot be read any more, as of a disk with a bad sector: reading it with
  /// its neighbours fails, and reading it alone.
  @Test
  void aBlockThatTheDeviceCannotReadIsDamage() throws IOException {
    SimDisk disk = LogSimulation.newDisk();
    SimScheduler scheduler = new SimScheduler(1, disk);
    assertTrue(
        scheduler.run(
            () ->
                LogSimulation.open(
                    scheduler,
                    (wal, used) -> {
                      for (int i = 0; i < 8; i++) {
                        append(wal, i, 3000);
                      }
                    })));
    Faults faults = new Faults();
    // After the header, the read of all else in one, then that of the third of its blocks; each of them
    // is tried as a call and by the ring. A fault does not count what an earlier one has struck.
    for (int read : new int[] {2, 2, 4, 4}) {
      faults.error("EIO", SimOperation.READ).inFiles(FIRST).at(read);
    }
    SimScheduler again = new SimScheduler(2, disk, faults);
    List<Salvaged> found = new ArrayList<>();
    assertTrue(
        again.run(
            () -> {
              try (SharedBus bus =
                      SharedBus.open(BusOptions.defaults().withScheduler(again));
                  DataDirectory directory = DataDirectory.open(bus, LogSimulation.DIRECTORY)) {
                found.add(
                    Wal.salvage(
                        directory,
                        LogHarness.TINY,
                        WalStart.NEW,
                        new MemoryBudget(2 << 20),
                        this::take));
              }
            }));
    assertEquals(4, faults.struck());
    long lost = new ArrayList<>(appended.keySet()).get(2);
    requireAllBut(lost);
    assertEquals(1, found.getFirst().gaps().size());
  }

  @Test
  void whatFailsGivesItsMemoryBack() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, 0, 150_000);
      wal.close();
      IOException own = new IOException("own");
      IOException thrown =
          assertThrows(
              IOException.class,
              () ->
                  Wal.salvage(
                      log.directory(),
                      LogHarness.TINY,
                      WalStart.NEW,
                      log.budget(),
                      (lsn, end, payload) -> {
                        throw own;
                      }));
      assertEquals(own, thrown);
      assertEquals(0, log.budget().reserved());
      assertThrows(
          IllegalArgumentException.class,
          () ->
              Wal.salvage(
                  log.directory(),
                  LogHarness.TINY,
                  WalStart.NEW,
                  new MemoryBudget(1 << 20),
                  this::take));
    }
  }
}
