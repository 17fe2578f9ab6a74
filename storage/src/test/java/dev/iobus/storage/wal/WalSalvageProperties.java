package dev.iobus.storage.wal;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/// Random logs of several epochs, of which random sectors are zeroed or garbled, not those of headers.
/// What salvage gives was appended and not dropped, as it was; what it does not give was hit, and lies
/// in a gap.
class WalSalvageProperties {

  private static final int SECTOR = 512;
  private static final int BLOCK = 4096;

  private record Entry(long lsn, byte[] record) {}

  /// A run of a file, and the LSN of its first byte.
  private record Run(String file, long offset, long lsn, long bytes) {}

  /// Records by the LSN behind them.
  private final TreeMap<Long, Entry> appended = new TreeMap<>();

  /// Up to where the log was durable when it ended by a crash; −1 when it was closed.
  private long durable;

  @Property(tries = 12, shrinking = ShrinkingMode.OFF)
  void whatIsNotHitIsGiven(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    Path path = Files.createTempDirectory("wal-salvage");
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      appended.clear();
      durable = -1;
      for (int epoch = 0; epoch < 3; epoch++) {
        write(log, random);
      }
      List<Run> runs = runs(log);
      Map<String, byte[]> before = contents(log);
      damage(log, before, random);
      Map<String, byte[]> after = contents(log);
      TreeMap<Long, Entry> given = new TreeMap<>();
      Salvaged found =
          Wal.salvage(
              log.directory(),
              LogHarness.TINY,
              WalStart.NEW,
              log.budget(),
              (lsn, end, payload) -> {
                assertTrue(given.isEmpty() || given.lastKey() <= lsn);
                given.put(end, new Entry(lsn, payload.toArray(ValueLayout.JAVA_BYTE)));
              });
      check(found, given, runs, before, after);
      contents(log).forEach((name, bytes) -> assertArrayEquals(after.get(name), bytes, name));
    } finally {
      deleteAll(path);
    }
  }

  private void write(LogHarness log, Random random) throws IOException {
    if (durable >= 0) {
      loseTail(log, durable);
    }
    Wal wal = log.open();
    // What was not recovered was dropped.
    long end = log.recoveredEnds.isEmpty() ? 0 : log.recoveredEnds.getLast();
    appended.tailMap(end, false).clear();
    int records = 5 + random.nextInt(40);
    for (int i = 0; i < records; i++) {
      int length = random.nextInt(12) == 0 ? random.nextInt(60_000) : random.nextInt(2_000);
      byte[] record = LogHarness.record(random.nextInt(), length);
      Place place = wal.reserve(wal.acquire(record.length));
      place.put(0, MemorySegment.ofArray(record), 0, record.length);
      place.fill();
      appended.put(place.end(), new Entry(place.lsn(), record));
      if (random.nextInt(3) > 0) {
        wal.await(place.end(), random.nextBoolean() ? Durability.SYNCED : Durability.WRITTEN);
      }
    }
    wal.await(wal.tail(), Durability.WRITTEN);
    durable = random.nextBoolean() ? -1 : wal.durableLsn();
    if (durable < 0) {
      wal.close();
    } else {
      log.crash();
    }
  }

  /// Takes the first block away behind what was durable, where no later frame says that it was.
  private static void loseTail(LogHarness log, long durable) throws IOException {
    for (Run run : runs(log)) {
      long block = (durable + BLOCK - 1) / BLOCK * BLOCK;
      if (run.lsn <= block && block < run.lsn + run.bytes) {
        log.overwrite(run.file, run.offset + (block - run.lsn), new byte[BLOCK]);
        return;
      }
    }
  }

  /// Where the log lies, as its headers say; a segment ends where the next begins.
  private static List<Run> runs(LogHarness log) throws IOException {
    TreeMap<Long, Run> byLsn = new TreeMap<>();
    TreeMap<Long, List<Run>> byEpoch = new TreeMap<>();
    for (String name : log.segments()) {
      byte[] content = log.content(name);
      SegmentHeader header =
          SegmentHeader.readSecond(LogHarness.direct(content).asSlice(0, BLOCK));
      if (header != null && header.epoch() > 0) {
        Run run = new Run(name, BLOCK, header.firstLsn(), content.length - BLOCK);
        byEpoch.computeIfAbsent(header.epoch(), e -> new ArrayList<>()).add(run);
      }
    }
    for (List<Run> epoch : byEpoch.values()) {
      long first = epoch.stream().mapToLong(Run::lsn).min().orElseThrow();
      byLsn.tailMap(first).clear();
      epoch.forEach(run -> byLsn.put(run.lsn, run));
    }
    List<Run> runs = new ArrayList<>();
    for (Run run : byLsn.values()) {
      Long next = byLsn.higherKey(run.lsn);
      long bytes = next == null ? run.bytes : Math.min(run.bytes, next - run.lsn);
      runs.add(new Run(run.file, run.offset, run.lsn, bytes));
    }
    return runs;
  }

  private static void damage(LogHarness log, Map<String, byte[]> contents, Random random)
      throws IOException {
    List<String> names = new ArrayList<>(contents.keySet());
    int places = 1 + random.nextInt(6);
    for (int i = 0; i < places; i++) {
      String name = names.get(random.nextInt(names.size()));
      int length = requireNonNull(contents.get(name)).length;
      int sectors = length / SECTOR;
      int sector = BLOCK / SECTOR + random.nextInt(sectors - BLOCK / SECTOR);
      byte[] bytes = new byte[SECTOR * (1 + random.nextInt(4))];
      if (random.nextBoolean()) {
        random.nextBytes(bytes);
      }
      int most = length - sector * SECTOR;
      log.overwrite(
          name, (long) sector * SECTOR, Arrays.copyOf(bytes, Math.min(bytes.length, most)));
    }
  }

  private void check(
      Salvaged found,
      Map<Long, Entry> given,
      List<Run> runs,
      Map<String, byte[]> before,
      Map<String, byte[]> after) {
    assertEquals(given.size(), found.records());
    given.forEach(
        (end, entry) -> {
          String never = "nothing that ends at " + end + " was appended, or it was dropped";
          Entry own = requireNonNull(appended.get(end), never);
          assertEquals(own.lsn, entry.lsn);
          assertArrayEquals(own.record, entry.record);
          for (Salvaged.Gap gap : found.gaps()) {
            assertTrue(end <= gap.from() || entry.lsn >= gap.to(), "given, and in " + gap);
          }
        });
    appended.forEach(
        (end, entry) -> {
          if (!given.containsKey(end)) {
            assertTrue(isHit(entry.lsn, end, runs, before, after), entry.lsn + " was not hit");
            boolean inGap =
                found.gaps().stream().anyMatch(g -> g.from() <= entry.lsn && end <= g.to());
            assertTrue(inGap || end > found.durableMark(), entry.lsn + " is in no gap");
          }
        });
  }

  private static boolean isHit(
      long from, long to, List<Run> runs, Map<String, byte[]> before, Map<String, byte[]> after) {
    for (Run run : runs) {
      long begin = Math.max(from, run.lsn);
      long end = Math.min(to, run.lsn + run.bytes);
      if (begin < end) {
        int at = (int) (run.offset + (begin - run.lsn));
        int length = (int) (end - begin);
        byte[] was = requireNonNull(before.get(run.file));
        byte[] is = requireNonNull(after.get(run.file));
        if (!Arrays.equals(was, at, at + length, is, at, at + length)) {
          return true;
        }
      }
    }
    return false;
  }

  private static Map<String, byte[]> contents(LogHarness log) throws IOException {
    Map<String, byte[]> contents = new HashMap<>();
    for (String name : log.segments()) {
      contents.put(name, log.content(name));
    }
    return contents;
  }

  private static void deleteAll(Path path) throws IOException {
    try (var all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
