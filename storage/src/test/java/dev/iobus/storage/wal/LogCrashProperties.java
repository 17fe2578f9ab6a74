package dev.iobus.storage.wal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/// Many writers, groups in flight side by side, recycled segments, and a crash at any moment: also
/// while the log is opened after a crash. What comes back is a prefix of the log with everything
/// that was acknowledged, generation after generation; and nothing that was acknowledged was ever
/// written over.
class LogCrashProperties {

  private static final int BLOCK = 4096;
  private static final int CRASHES = 4;

  /// What a writer was told, at that time of the trace.
  private record Note(int time, Durability durability, long lsn) {}

  /// Records by the LSN behind them.
  private final TreeMap<Long, byte[]> appended = new TreeMap<>();

  private final List<Note> acknowledged = new ArrayList<>();
  private final List<Note> released = new ArrayList<>();

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void everyCrashLeavesAPrefixWithAllThatWasAcknowledged(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    Path root = Files.createTempDirectory("log-crash");
    try (SharedBus bus = SharedBus.open(BusOptions.defaults())) {
      appended.clear();
      Map<String, byte[]> image = Map.of();
      WalStart start = WalStart.NEW;
      long base = 0;
      for (int generation = 0; generation < 3; generation++) {
        acknowledged.clear();
        released.clear();
        Path path = write(root.resolve("g" + generation), image);
        TracedFiles traced;
        int opened;
        try (DataDirectory directory = DataDirectory.open(bus, path)) {
          traced = new TracedFiles(LogFiles.of(directory), image);
          Wal wal = open(directory, traced, start, random, (lsn, end, payload) -> {});
          opened = traced.now();
          work(wal, traced, random);
          if (random.nextInt(3) == 0) {
            wal.close();
          } else {
            wal.abandon();
          }
        }
        requireNothingOverwritten(traced);
        int last = traced.now();
        for (int crash = 0; crash < CRASHES; crash++) {
          int time = random.nextInt(crash == 0 ? opened : last) + 1;
          boolean powerLoss = random.nextInt(4) != 0;
          Map<String, byte[]> after = traced.imageAt(time, powerLoss, random);
          WalStart startAfter = startAt(time, start);
          long end =
              recover(bus, root.resolve("g" + generation + "c" + crash), after, startAfter, random);
          requireAcknowledged(end, time, powerLoss);
          assertTrue(end >= base, "recovered once up to " + base + ", now up to " + end);
          if (crash == CRASHES - 1) {
            image = after;
            start = startAfter;
            base = end;
            appended.tailMap(end, false).clear();
          }
        }
      }
    } finally {
      deleteAll(root);
    }
  }

  private static Wal open(
      DataDirectory directory,
      LogFiles files,
      WalStart start,
      Random random,
      RecordConsumer consumer)
      throws IOException {
    WalOptions options =
        LogHarness.TINY.withDurability(
            random.nextInt(3) == 0 ? Durability.WRITTEN : Durability.SYNCED);
    return Wal.open(directory, files, options, start, new MemoryBudget(64 << 20), consumer);
  }

  private void work(Wal wal, TracedFiles traced, Random random) throws Exception {
    int writers = 1 + random.nextInt(5);
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      List<Future<?>> running = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        Random own = new Random(random.nextLong());
        int appends = own.nextInt(40);
        Callable<?> writer =
            () -> {
              for (int i = 0; i < appends; i++) {
                append(wal, traced, own);
              }
              return null;
            };
        running.add(threads.submit(writer));
      }
      for (Future<?> each : running) {
        each.get(60, TimeUnit.SECONDS);
      }
    }
  }

  private void append(Wal wal, TracedFiles traced, Random random) throws IOException {
    int length =
        switch (random.nextInt(20)) {
          case 0 -> random.nextInt(60_000);
          case 1, 2, 3 -> random.nextInt(8_000);
          default -> random.nextInt(300);
        };
    byte[] record = LogHarness.record(random.nextLong(), length);
    Durability durability =
        switch (random.nextInt(12)) {
          case 0 -> Durability.BUFFERED;
          case 1 -> Durability.WRITTEN;
          default -> Durability.SYNCED;
        };
    MemorySegment payload = MemorySegment.ofArray(record);
    long end = random.nextBoolean() ? wal.append(payload) : wal.append(payload, durability);
    synchronized (appended) {
      appended.put(end, record);
    }
    wal.await(end, durability);
    synchronized (appended) {
      acknowledged.add(new Note(traced.now(), durability, end));
    }
    if (random.nextInt(12) == 0) {
      long durable = wal.durableLsn();
      synchronized (appended) {
        Long until = appended.floorKey(durable);
        if (until != null) {
          // The owner remembers first, durably, and releases then.
          released.add(new Note(traced.now(), Durability.SYNCED, until));
          wal.release(until);
        }
      }
    }
  }

  private WalStart startAt(int time, WalStart before) {
    long lsn = before.lsn();
    for (Note note : released) {
      if (note.time() < time) {
        lsn = Math.max(lsn, note.lsn());
      }
    }
    return new WalStart(lsn, lsn);
  }

  /// Opens what a crash left, and checks that it is a prefix. Returns where that ends.
  private long recover(
      SharedBus bus, Path path, Map<String, byte[]> image, WalStart start, Random random)
      throws IOException {
    write(path, image);
    TreeMap<Long, byte[]> found = new TreeMap<>();
    try (DataDirectory directory = DataDirectory.open(bus, path)) {
      open(
              directory,
              LogFiles.of(directory),
              start,
              random,
              (lsn, end, payload) -> found.put(end, payload.toArray(JAVA_BYTE)))
          .abandon();
    }
    long end = found.isEmpty() ? start.lsn() : found.lastKey();
    Map<Long, byte[]> expected = appended.subMap(start.lsn(), false, end, true);
    assertEquals(expected.keySet(), found.keySet(), "a prefix from LSN " + start.lsn());
    expected.forEach((lsn, bytes) -> assertArrayEquals(bytes, found.get(lsn)));
    return end;
  }

  private void requireAcknowledged(long end, int time, boolean powerLoss) {
    for (Note note : acknowledged) {
      boolean survives =
          note.durability() == Durability.SYNCED
              || (!powerLoss && note.durability() == Durability.WRITTEN);
      if (note.time() < time && survives) {
        assertTrue(note.lsn() <= end, note + " is lost: the log ends at " + end);
      }
    }
  }

  /// A use of a slot begins with its header, when all of the use before was released; within a use
  /// no byte is written twice, groups are whole blocks, and their ends are zeros.
  private void requireNothingOverwritten(TracedFiles traced) {
    Map<String, BitSet> uses = new HashMap<>();
    Map<String, Long> lastLsn = new HashMap<>();
    for (TracedFiles.Op op : traced.ops()) {
      if (op.kind != TracedFiles.Kind.WRITE) {
        continue;
      }
      MemorySegment bytes = MemorySegment.ofArray(op.bytes);
      if (op.offset == 0 && op.bytes.length == BLOCK) {
        SegmentHeader header = SegmentHeader.readSecond(bytes);
        if (header != null && header.epoch() > 0) {
          long held = lastLsn.getOrDefault(op.name, 0L);
          assertTrue(
              held <= startAt(op.begin, new WalStart(0, 0)).lsn(),
              op.name + " is used again, and holds a record that ends at " + held);
          uses.put(op.name, new BitSet());
          lastLsn.remove(op.name);
        }
      } else if (uses.containsKey(op.name)) {
        assertEquals(0, op.offset % BLOCK);
        assertEquals(0, op.bytes.length % BLOCK);
        BitSet written = uses.get(op.name);
        int first = Math.toIntExact(op.offset / BLOCK);
        int behind = first + op.bytes.length / BLOCK;
        int twice = written.nextSetBit(first);
        assertTrue(twice < 0 || twice >= behind, op.name + " is written twice at block " + twice);
        written.set(first, behind);
        long at = 0;
        while (at < op.bytes.length && bytes.get(WalFormat.INT, at) == WalFormat.FRAME_MAGIC) {
          long length = WalFormat.frameBytes(bytes.get(WalFormat.INT, at + WalFormat.PAYLOAD_LENGTH));
          long end = bytes.get(WalFormat.LONG, at + WalFormat.LSN) + length;
          if (FrameType.of(bytes.get(JAVA_BYTE, at + WalFormat.TYPE)) != FrameType.MARK) {
            lastLsn.merge(op.name, end, Math::max);
          }
          at += length;
        }
        assertTrue(at > 0, "a group without a frame");
        assertTrue(WalFormat.isZero(bytes, at, op.bytes.length - at), "zeros behind the frames");
      }
    }
  }

  private static Path write(Path path, Map<String, byte[]> image) throws IOException {
    Files.createDirectories(path);
    for (Map.Entry<String, byte[]> file : image.entrySet()) {
      Files.write(path.resolve(file.getKey()), file.getValue());
    }
    return path;
  }

  private static void deleteAll(Path root) throws IOException {
    try (var files = Files.walk(root)) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
