package dev.iobus.storage.wal;

import dev.iobus.OpenFlag;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a log after whatever happened to it. Confined to one thread, used once.
///
/// The tail rule. Frames are read in LSN order from the owner's start to X, the first position
/// where no valid frame begins. Then every later block boundary of every segment is looked at, with
/// the frames that follow there, and M is the largest durable mark in frames, headers and the owner's memory. X < M: acknowledged
/// bytes are damaged. X ≥ M: the tail was torn by a crash; everything behind X is dropped, valid
/// frames too, for acknowledgements go in LSN order and none of them was acknowledged.
///
/// Segments are ordered thus. The segments of one epoch follow each other in LSN order. A later
/// epoch begins where its recovery stopped, so it supersedes whatever older epochs hold from
/// there on, and a segment of an older epoch that begins at or behind the begin of a segment of a
/// newer one was dropped or released. What is left, sorted by first LSN, is the log; each segment
/// must begin exactly where the last frame of the one before it ended.
final class WalRecovery {

  private final DataDirectory directory;
  private final WalStart start;
  private final RecordAssembler records;
  private final MemorySegment window;

  private final List<WalSlot> slots;
  private final List<WalSlot> used;
  private final long newestEpoch;
  private final List<WalSlot> accepted = new ArrayList<>();

  /// Slots with frames of a use whose header was lost, and which had become durable.
  private final List<WalSlot> older = new ArrayList<>();

  private long mark;
  private long laterFrames;
  private boolean endsWithMark;

  /// Behind the last frame that was read: where the next one should begin.
  private long readTo;

  private WalRecovery(
      DataDirectory directory,
      List<WalSlot> slots,
      WalStart start,
      RecordAssembler records,
      MemorySegment window) {
    this.directory = directory;
    this.slots = slots;
    this.start = start;
    this.records = records;
    this.window = window;
    this.used = inOrder(slots);
    this.newestEpoch = used.stream().mapToLong(slot -> header(slot).epoch()).max().orElse(0);
  }

  /// Recovers the log of that name: gives its records to `consumer`, and makes durable what it
  /// gave.
  ///
  /// @throws CorruptionException when acknowledged bytes are damaged
  /// @throws IOException when reading fails, or the consumer does
  static Recovered run(
      DataDirectory directory,
      String prefix,
      WalStart start,
      LogMemory memory,
      RecordConsumer consumer)
      throws IOException {
    memory.reserve(FrameReader.WINDOW_BYTES);
    Arena arena = directory.bus().newArena();
    try (RecordAssembler records = new RecordAssembler(consumer, memory, start.lsn())) {
      MemorySegment window = arena.allocate(FrameReader.WINDOW_BYTES, directory.blockSize());
      List<WalSlot> slots =
          WalSlot.list(
              directory, prefix, window.asSlice(0, 2L * directory.blockSize()), FileReads.ALL);
      return new WalRecovery(directory, slots, start, records, window).run();
    } finally {
      memory.free(arena, FrameReader.WINDOW_BYTES);
    }
  }

  private Recovered run() throws IOException {
    int index = startIndex();
    long at = start.lsn();
    WalSlot last = null;
    while (index >= 0 && index < used.size()) {
      last = used.get(index);
      accepted.add(last);
      at = readSegment(last, at, firstOfNextEpoch(index), accepted.size() == 1);
      index++;
      if (index == used.size() || header(used.get(index)).firstLsn() != at) {
        break;
      }
    }
    readTo = at;
    long end = records.wholeEnd();
    collectMarks(end);
    WalTail tail = judge(end, last);
    if (tail instanceof WalTail.Corrupt corrupt) {
      throw corrupt.exception();
    }
    Recovered recovered = recovered(tail);
    makeDurable(accepted);
    makeDurable(recovered.free());
    directory.sync();
    return recovered;
  }

  /// What a process that was killed has left may be in the kernel alone: records that are given back
  /// now, and slots that it had made but not yet synced, which are used again as they are.
  private void makeDurable(List<WalSlot> slots) throws IOException {
    for (WalSlot slot : slots) {
      try (DataFile file = directory.open(slot.name(), true, OpenFlag.WRITE)) {
        file.sync();
      }
    }
  }

  /// The used slots without superseded ones, by first LSN.
  static List<WalSlot> inOrder(List<WalSlot> slots) {
    List<WalSlot> used = new ArrayList<>();
    for (WalSlot slot : slots) {
      if (slot.isUsed() && !isSuperseded(slot, slots)) {
        used.add(slot);
      }
    }
    used.sort(Comparator.comparingLong(slot -> header(slot).firstLsn()));
    return used;
  }

  private static boolean isSuperseded(WalSlot slot, List<WalSlot> slots) {
    SegmentHeader header = header(slot);
    for (WalSlot other : slots) {
      if (other.isUsed()
          && header(other).epoch() > header.epoch()
          && header(other).firstLsn() <= header.firstLsn()) {
        return true;
      }
    }
    return false;
  }

  /// The segment that holds the start: the last one that begins at or before it. −1 for a log
  /// that was never begun.
  private int startIndex() throws CorruptionException {
    int index = used.size() - 1;
    while (index >= 0 && header(used.get(index)).firstLsn() > start.lsn()) {
      index--;
    }
    if (index < 0) {
      if (used.isEmpty() && start.lsn() == 0) {
        return -1;
      }
      throw missing("no segment of the log begins at or before it");
    }
    SegmentHeader header = header(used.get(index));
    if (start.lsn() - header.firstLsn() > header.capacity() - header.blockSize()) {
      throw missing("the last segment before it, " + used.get(index).name() + ", is too short");
    }
    return index;
  }

  /// Names the segment whose header is damaged, if there is one: it may be the one that is missed.
  private CorruptionException missing(String why) {
    for (WalSlot slot : slots) {
      if (slot.header() == null) {
        return new CorruptionException(
            slot.path(),
            0,
            ("the segment header is damaged, and the segment with LSN %d is missing: %s; Wal.salvage"
                    + " gives what can be read")
                .formatted(start.lsn(), why));
      }
    }
    return new CorruptionException(
        directory.path().toString(),
        0,
        "the log segment with LSN %d is missing: %s".formatted(start.lsn(), why));
  }

  private long firstOfNextEpoch(int index) {
    long epoch = header(used.get(index)).epoch();
    for (int i = index + 1; i < used.size(); i++) {
      if (header(used.get(i)).epoch() > epoch) {
        return header(used.get(i)).firstLsn();
      }
    }
    return Long.MAX_VALUE;
  }

  /// Reads one segment from LSN `from` to its last valid frame below `limit`; returns where that
  /// ended.
  private long readSegment(WalSlot slot, long from, long limit, boolean isFirst)
      throws IOException {
    long at = from;
    try (DataFile file = directory.open(slot.name(), true, OpenFlag.READ)) {
      FrameReader reader = reader(file, slot, header(slot));
      boolean found = isFirst ? reader.first(at) : reader.next(at);
      while (found && reader.end() <= limit && records.accept(reader)) {
        at = reader.end();
        mark = Math.max(mark, reader.mark());
        endsWithMark = reader.type() == FrameType.MARK;
        found = reader.next(at);
      }
    }
    return at;
  }

  private FrameReader reader(DataFile file, WalSlot slot, SegmentHeader header) {
    long bytes = WalSlot.readableBytes(header, slot.fileBytes());
    return new FrameReader(file, bytes, header, window, directory.blockSize());
  }

  private void collectMarks(long end) throws IOException {
    mark = Math.max(mark, start.durableMark());
    for (WalSlot slot : slots) {
      SegmentHeader header = slot.header();
      FrameReader.LaterFrames later;
      if (header == null || slot.isOlderThanItsFrames()) {
        // A whole header's mark is true, even if that is of a use before the frames. A second copy may
        // be of anything that was written here by mistake: its id finds no frame.
        SegmentHeader known = header != null ? header : slot.second();
        mark = Math.max(mark, known == null ? 0 : known.durableMark());
        try (DataFile file = directory.open(slot.name(), true, OpenFlag.READ)) {
          later =
              FrameReader.scanWithoutHeader(
                  file, slot.fileBytes(), end, window, directory.blockSize());
        }
        laterFrames += later.count();
      } else {
        mark = Math.max(mark, header.durableMark());
        long behind = header.firstLsn() + (header.capacity() - header.blockSize());
        if (header.epoch() == 0 || behind <= end) {
          // A frame's mark is never behind its LSN, so nothing here can tell of a later end.
          continue;
        }
        try (DataFile file = directory.open(slot.name(), true, OpenFlag.READ)) {
          later = reader(file, slot, header).scan(Math.max(end, header.firstLsn()));
        }
        // In older epochs what is behind the end was dropped by an earlier recovery.
        laterFrames += header.epoch() == newestEpoch ? later.count() : 0;
      }
      if (slot.isOlderThanItsFrames() && later.mark() > end) {
        older.add(slot);
      }
      mark = Math.max(mark, later.mark());
    }
  }

  private WalTail judge(long end, @Nullable WalSlot last) {
    if (end < mark) {
      return corrupt(end, last);
    }
    boolean clean = laterFrames == 0 && (endsWithMark || accepted.isEmpty());
    return clean ? new WalTail.Clean(end, mark) : new WalTail.Torn(end, mark, laterFrames);
  }

  /// Names the place where the next frame should be: in a segment whose header is damaged or was
  /// never written, or behind the last valid frame. That frame may be part of a record which ends
  /// behind X.
  private WalTail corrupt(long end, @Nullable WalSlot last) {
    for (WalSlot slot : slots) {
      SegmentHeader second = slot.second();
      boolean headless = slot.header() == null && (second == null || second.firstLsn() >= end);
      if (headless || older.contains(slot)) {
        return new WalTail.Corrupt(end, mark, slot.path(), 0);
      }
    }
    if (last == null) {
      return new WalTail.Corrupt(end, mark, directory.path().toString(), 0);
    }
    SegmentHeader header = header(last);
    return new WalTail.Corrupt(
        end, mark, last.path(), header.blockSize() + (readTo - header.firstLsn()));
  }

  private Recovered recovered(WalTail tail) {
    // A torn record may run on into segments that begin behind X: they hold nothing of the log.
    accepted.removeIf(slot -> header(slot).firstLsn() > tail.at());
    List<WalSegment> live = new ArrayList<>();
    for (int i = 0; i < accepted.size(); i++) {
      boolean isLast = i == accepted.size() - 1;
      long end = isLast ? tail.at() : header(accepted.get(i + 1)).firstLsn();
      live.add(WalSegment.recovered(accepted.get(i), end));
    }
    List<WalSlot> free = new ArrayList<>();
    List<WalSlot> useless = new ArrayList<>();
    long epoch = 0;
    List<Integer> numbers = new ArrayList<>();
    for (WalSlot slot : slots) {
      numbers.add(slot.number());
      SegmentHeader header = slot.header() != null ? slot.header() : slot.second();
      if (header != null) {
        epoch = Math.max(epoch, header.epoch());
      }
      if (!accepted.contains(slot)) {
        (slot.isWhole() ? free : useless).add(slot);
      }
    }
    return new Recovered(tail, live, free, useless, epoch + 1, numbers);
  }

  /// The header of a used slot.
  static SegmentHeader header(WalSlot slot) {
    SegmentHeader header = slot.header();
    if (header == null) {
      throw new AssertionError("slot " + slot.name() + " has no header");
    }
    return header;
  }

  /// What an opening log starts from.
  ///
  /// @param tail how the log ended; never corrupt
  /// @param live segments that hold the recovered log, in LSN order
  /// @param free slots that may be used again
  /// @param useless slots without a whole header, to be deleted
  /// @param epoch the number of the epoch to begin
  /// @param numbers of all slots that are there
  record Recovered(
      WalTail tail,
      List<WalSegment> live,
      List<WalSlot> free,
      List<WalSlot> useless,
      long epoch,
      List<Integer> numbers) {

    /// The largest of the numbers, 0 when there is none.
    int lastNumber() {
      return numbers.stream().mapToInt(Integer::intValue).max().orElse(0);
    }
  }
}
