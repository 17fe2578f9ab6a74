package dev.iobus.storage.wal;

import dev.iobus.OpenFlag;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads what is left of a log that [WalRecovery] refuses. Confined to one thread, used once.
///
/// Segments are ordered as recovery orders them, and each is read up to where the next begins. Where
/// a frame is missing, the next one that is valid is looked for at every place where one may begin;
/// what it needs of the frames before it to be a record is then lost too. A valid frame says of itself
/// to which use of the file and to which LSN it belongs, so that nothing is taken for a record that
/// was none.
///
/// Of a segment whose header is lost the second copy is used, and where that is lost too, what its
/// frames tell. They tell no epoch: a recovery may have dropped them. So such a segment counts when it
/// holds the mark of a log that was durable up to its begin, which what was dropped never does, or
/// when no other segment has its place. Marks grow with LSNs, so a segment that begins behind it and
/// knows less was dropped before it was written.
final class WalSalvage {

  /// Which use of a file was the last one, by what its frames tell.
  private static final Comparator<SegmentHeader> LIKELY =
      Comparator.comparing(WalSalvage::isVouched).thenComparingLong(SegmentHeader::firstLsn);

  private final DataDirectory directory;
  private final WalStart start;
  private final MemorySegment window;
  private final FileReads reads;
  private final RecordAssembler records;
  private final List<Salvaged.Gap> gaps = new ArrayList<>();

  private long count;
  private long mark;

  /// Behind the last frame that was read: where the next one should begin; and its place in a file.
  private long readTo;

  private String file;
  private long offset;
  private boolean isFirst = true;

  // The gap that no record has ended yet; meaningful while `isGap`.
  private boolean isGap;
  private long gapFrom;
  private String gapFile = "";
  private long gapOffset;

  private WalSalvage(
      DataDirectory directory,
      WalStart start,
      MemorySegment window,
      LogMemory memory,
      RecordConsumer consumer) {
    this.directory = directory;
    this.start = start;
    this.window = window;
    this.reads = FileReads.readable(directory.blockSize());
    this.mark = start.durableMark();
    this.readTo = start.lsn();
    this.file = directory.path().toString();
    this.records =
        new RecordAssembler(
            (lsn, end, payload) -> {
              endGap(lsn);
              count++;
              consumer.record(lsn, end, payload);
            },
            memory,
            start.lsn());
  }

  /// As [Wal#salvage].
  static Salvaged run(
      DataDirectory directory,
      String prefix,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    int bytes = FrameReader.WINDOW_BYTES;
    try (LogMemory memory = new LogMemory(budget, "log salvage", bytes)) {
      memory.reserve(bytes);
      Arena arena = directory.bus().newArena();
      try {
        MemorySegment window = arena.allocate(bytes, directory.blockSize());
        WalSalvage salvage = new WalSalvage(directory, start, window, memory, consumer);
        try (salvage.records) {
          return salvage.run(prefix);
        }
      } finally {
        memory.free(arena, bytes);
      }
    }
  }

  private Salvaged run(String prefix) throws IOException {
    MemorySegment blocks = window.asSlice(0, 2L * directory.blockSize());
    List<WalSlot> log = inOrder(WalSlot.list(directory, prefix, blocks, reads));
    for (int i = 0; i < log.size(); i++) {
      long limit =
          i + 1 < log.size() ? WalRecovery.header(log.get(i + 1)).firstLsn() : Long.MAX_VALUE;
      if (limit > start.lsn()) {
        readSegment(log.get(i), limit);
      }
    }
    long end = records.wholeEnd();
    if (end < mark) {
      beginGap();
      endGap(mark);
    }
    return new Salvaged(count, end, mark, gaps);
  }

  /// The segments of the log by first LSN, each with the header that it has or must have had.
  private List<WalSlot> inOrder(List<WalSlot> slots) throws IOException {
    List<WalSlot> known = new ArrayList<>();
    List<WalSlot> headless = new ArrayList<>();
    for (WalSlot slot : slots) {
      SegmentHeader header = slot.header() != null ? slot.header() : slot.second();
      if (header == null || slot.isOlderThanItsFrames()) {
        headless.add(slot);
      }
      if (header != null) {
        mark = Math.max(mark, header.durableMark());
        known.add(slot.withHeader(header));
      }
    }
    List<WalSlot> log = WalRecovery.inOrder(known);
    long newest = log.stream().mapToLong(slot -> WalRecovery.header(slot).epoch()).max().orElse(1);
    for (WalSlot slot : headless) {
      SegmentHeader header = lostHeader(slot);
      if (header != null && (isVouched(header) || !isCovered(header.firstLsn(), log))) {
        known.removeIf(other -> other.name().equals(slot.name()));
        if (isVouched(header)) {
          dropOlder(known, header);
        }
        known.add(slot.withHeader(header.ofEpoch(newest)));
      }
    }
    return WalRecovery.inOrder(known);
  }

  /// What the frames of a slot tell of its last use; null when there is none.
  private @Nullable SegmentHeader lostHeader(WalSlot slot) throws IOException {
    try (DataFile opened = directory.open(slot.name(), true, OpenFlag.READ)) {
      Collection<SegmentHeader> uses =
          FrameReader.usesOf(opened, reads, slot.fileBytes(), window, directory.blockSize());
      for (SegmentHeader use : uses) {
        mark = Math.max(mark, use.durableMark());
      }
      return uses.stream().max(LIKELY).orElse(null);
    }
  }

  /// Takes out what was dropped before `found` was written: what begins there or behind and has only
  /// smaller marks.
  private void dropOlder(List<WalSlot> known, SegmentHeader found) throws IOException {
    List<WalSlot> older = new ArrayList<>();
    for (WalSlot slot : known) {
      SegmentHeader header = WalRecovery.header(slot);
      if (header.firstLsn() >= found.firstLsn() && header.durableMark() < found.durableMark()) {
        try (DataFile opened = directory.open(slot.name(), true, OpenFlag.READ)) {
          FrameReader.LaterFrames frames = reader(opened, slot).scan(header.firstLsn());
          if (frames.mark() < found.durableMark()) {
            older.add(slot);
          }
        }
      }
    }
    known.removeAll(older);
  }

  private static boolean isVouched(SegmentHeader use) {
    return use.durableMark() >= use.firstLsn();
  }

  private static boolean isCovered(long lsn, List<WalSlot> log) {
    for (WalSlot slot : log) {
      SegmentHeader header = WalRecovery.header(slot);
      long behind = header.firstLsn() + (header.capacity() - header.blockSize());
      if (header.firstLsn() <= lsn && lsn < behind) {
        return true;
      }
    }
    return false;
  }

  /// Reads the frames of a segment that end at or below LSN `limit`.
  private void readSegment(WalSlot slot, long limit) throws IOException {
    SegmentHeader header = WalRecovery.header(slot);
    if (header.firstLsn() > readTo) {
      beginGap();
      readTo = header.firstLsn();
    }
    try (DataFile opened = directory.open(slot.name(), true, OpenFlag.READ)) {
      FrameReader reader = reader(opened, slot);
      file = slot.path();
      offset = reader.offsetOf(readTo);
      boolean found = isFirst ? reader.first(readTo) : reader.next(readTo);
      isFirst = false;
      while (found || reader.resume(readTo)) {
        if (reader.end() > limit) {
          break; // Dropped by the recovery that began the next segment.
        }
        if (!found) {
          beginGap();
        }
        take(reader);
        found = reader.next(readTo);
      }
    }
  }

  private FrameReader reader(DataFile opened, WalSlot slot) {
    SegmentHeader header = WalRecovery.header(slot);
    long bytes = WalSlot.readableBytes(header, slot.fileBytes());
    return new FrameReader(opened, reads, bytes, header, window, directory.blockSize());
  }

  private void take(FrameReader reader) throws IOException {
    mark = Math.max(mark, reader.mark());
    if (!records.accept(reader)) {
      beginGap(); // Part of a record whose first frame is lost.
    }
    if (reader.type() == FrameType.MARK) {
      endGap(reader.lsn());
    }
    readTo = reader.end();
    offset = reader.offsetOf(readTo);
  }

  /// A frame is missing where the next one should be, and with it the rest of a record.
  private void beginGap() {
    records.drop();
    if (!isGap) {
      isGap = true;
      gapFrom = records.wholeEnd();
      gapFile = file;
      gapOffset = offset;
    }
  }

  /// A record, or a mark between records, begins there.
  private void endGap(long lsn) {
    if (isGap) {
      isGap = false;
      gaps.add(new Salvaged.Gap(gapFrom, lsn, gapFile, gapOffset));
    }
  }
}
