package dev.iobus.storage.wal;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Where the log ends, and who may append there. Everything here is guarded by the log's lock.
///
/// Permits are bytes, not places: who reserves first gets the lower LSN, whoever acquired first.
/// So that every permit can be honoured at once, whatever is sealed meanwhile:
/// 1. permits and frames of the open group together never exceed a group;
/// 2. a permit is given only while the group after the open one has a place in a segment;
/// 3. the open group is not sealed while there are permits and no place for the next.
///
/// A record that is longer than a group is appended alone: its permit waits until there are no
/// others, and from its reservation to its last write there is no open group.
final class Room {

  // Constant after construction.
  private final int groupBytes;
  private final int blockSize;
  private final SegmentSupply supply;
  private final long retainBytes;
  private final WakeUps wakeUps;

  // Where the next group goes.
  private WalSegment segment;
  private long nextOffset;
  private long lastEnd;

  // Who is about to append.
  private final ArrayDeque<MemorySegment> spare = new ArrayDeque<>();
  private final Waiter.Queue waiters = new Waiter.Queue();
  private @Nullable Group open;
  private @Nullable LongRecord longRecord;
  private long permitBytes;
  private boolean alone;
  private boolean closed;
  private long segmentWaits;

  /// The segments that hold the log, in LSN order; the last one is written or will be.
  private final ArrayDeque<WalSegment> live = new ArrayDeque<>();

  /// The segment that the last finished write went to.
  private WalSegment written;

  private long releasedLsn;

  /// @param first the first segment of the epoch; it has its place already
  /// @param heldFrom LSN from which on the owner needs the log
  /// @param retainBytes what is kept below that, for readers
  /// @param wakeUps takes waiters that got what they wait for
  Room(
      int groupBytes,
      int blockSize,
      SegmentSupply supply,
      Iterable<WalSegment> recovered,
      WalSegment first,
      long heldFrom,
      long retainBytes,
      WakeUps wakeUps) {
    this.groupBytes = groupBytes;
    this.blockSize = blockSize;
    this.supply = supply;
    this.wakeUps = wakeUps;
    this.retainBytes = retainBytes;
    this.segment = first;
    this.written = first;
    this.nextOffset = blockSize;
    this.lastEnd = first.firstLsn();
    for (WalSegment old : recovered) {
      live.add(old);
    }
    live.add(first);
    this.releasedLsn = heldFrom;
  }

  /// Gives the memory of one group to be used in turn.
  void addBuffer(MemorySegment buffer) {
    spare.add(buffer);
  }

  /// Takes room for a frame if there is some and nobody waits for it.
  boolean tryAcquire(long frameBytes) {
    if (!waiters.isEmpty() || !fits(frameBytes)) {
      return false;
    }
    permitBytes += frameBytes;
    return true;
  }

  /// Queues a task for room; [#grant()] gives it.
  ///
  /// @return whether a segment is what is missing
  boolean await(Waiter waiter) {
    waiters.add(waiter);
    boolean late = lacksPlace();
    segmentWaits += late ? 1 : 0;
    return late;
  }

  /// Gives back what a permit holds.
  void giveBack(Reservation reservation) {
    if (reservation.longRecord() != null) {
      alone = false;
    } else {
      permitBytes -= reservation.frameBytes();
    }
  }

  /// Turns a permit into a place. Returns the end of its record.
  long reserve(Reservation reservation) {
    LongRecord record = reservation.longRecord();
    if (record != null) {
      assert alone : "a long record without its permit";
      alone = false;
      record.begin(startOfLongRecord());
      longRecord = record;
      reservation.place(record);
    } else {
      Group group = open;
      if (group == null) {
        throw new AssertionError("a permit without an open group");
      }
      permitBytes -= reservation.frameBytes();
      reservation.place(group, group.reserve(reservation.frameBytes()));
    }
    return reservation.end();
  }

  /// Lets waiters go for which there is room, or never will be.
  void grant() {
    Waiter waiter = waiters.head();
    while (waiter != null) {
      if (closed) {
        waiter.granted = false;
      } else if (waiter.bytes > groupBytes ? takeAlone(waiter) : fits(waiter.bytes)) {
        waiter.granted = true;
        permitBytes += waiter.bytes > groupBytes ? 0 : waiter.bytes;
      } else if (lacksPlace(waiter) && supply.hasFailed()) {
        waiter.refusal = supply.takeFailure();
      } else {
        if (lacksPlace(waiter)) {
          supply.request();
        }
        return;
      }
      waiters.poll();
      wakeUps.end(waiter);
      waiter = waiters.head();
    }
  }

  private boolean takeAlone(Waiter waiter) {
    boolean free = !alone && longRecord == null && permitBytes == 0 && open != null;
    if (free && hasPlaces(waiter)) {
      alone = true;
      return true;
    }
    return false;
  }

  private boolean fits(long frameBytes) {
    Group group = open;
    return group != null
        && !alone
        && longRecord == null
        && group.used() + permitBytes + frameBytes <= groupBytes
        && hasNextPlace(group);
  }

  /// Whether a group can follow, however full the open one gets.
  private boolean hasNextPlace(Group group) {
    return group.offset() + 2L * groupBytes <= segment.capacity() || !supply.isEmpty();
  }

  /// Whether segments are what is missing, not their turn.
  private boolean lacksPlace() {
    Group group = open;
    return group == null ? !spare.isEmpty() && longRecord == null : !hasNextPlace(group);
  }

  private boolean lacksPlace(Waiter waiter) {
    return lacksPlace()
        || (waiter.bytes > groupBytes
            && !alone
            && longRecord == null
            && permitBytes == 0
            && !hasPlaces(waiter));
  }

  /// Whether there is a place for all groups of a long record and one behind it.
  private boolean hasPlaces(Waiter waiter) {
    Group group = open;
    if (group == null) {
      return false;
    }
    long after = group.offset() + group.blockBytes(blockSize);
    long here = (segment.capacity() - after) / groupBytes;
    long pieces =
        LongRecord.pieces((int) (waiter.bytes - WalFormat.FRAME_HEADER_BYTES), groupBytes);
    return here + supply.roomForGroups(groupBytes) >= pieces + 1;
  }

  /// The first waiter, if what keeps it waiting is that the open group, or a long record, is not
  /// written yet; it may then lead. Null when there is nothing that a leader could do.
  @Nullable Waiter leaderCandidate() {
    Group group = open;
    boolean somethingToWrite = longRecord != null || (group != null && group.used() > 0);
    return somethingToWrite ? waiters.head() : null;
  }

  /// Whether the open group is half full.
  boolean isHalfFull() {
    return openBytes() > groupBytes / 2;
  }

  /// The open group, or null.
  @Nullable Group openGroup() {
    return open;
  }

  /// Bytes that are reserved in the open group.
  long openBytes() {
    Group group = open;
    return group == null ? 0 : group.used();
  }

  /// Whether the leader has to wait before it may seal: see invariant 3.
  boolean mustDrain() {
    Group group = open;
    if (group == null || group.used() == 0 || permitBytes == 0 || hasNextPlace(group)) {
      return false;
    }
    if (!supply.hasFailed()) {
      supply.request();
    }
    return true;
  }

  /// Ends the open group, and opens the next one if there is a place for it.
  ///
  /// @return the group, to be written; null when nothing was reserved in it
  @Nullable Group seal() {
    Group group = open;
    if (group == null) {
      return null;
    }
    if (group.used() == 0) {
      if (longRecord != null) {
        open = null;
        spare.add(group.buffer());
      }
      return null;
    }
    open = null;
    lastEnd = group.endLsn();
    nextOffset = group.offset() + group.blockBytes(blockSize);
    openNext();
    return group;
  }

  /// Whether there is no open group for want of a segment that may still come; asks for it.
  boolean awaitsSegment() {
    openNext();
    return open == null && !spare.isEmpty() && longRecord == null && !supply.hasFailed();
  }

  /// Puts one mark into the open group if nobody else is about to append.
  ///
  /// @return the group with the mark, sealed; null when there was no place for one
  @Nullable Group sealMark(long durableMark) {
    Group group = open;
    if (group == null || group.used() != 0 || (permitBytes != 0 && !closed) || alone || longRecord != null) {
      return null;
    }
    long at = group.reserve(WalFormat.FRAME_HEADER_BYTES);
    group.sealFrame(at, FrameType.MARK, 0, durableMark);
    group.fills().filled();
    return seal();
  }

  /// Opens a group if there is none, and a buffer and a place for one.
  void openNext() {
    MemorySegment buffer = spare.peek();
    if (open != null || longRecord != null || buffer == null || !advance()) {
      return;
    }
    spare.poll();
    open = nextGroup(buffer);
    if (nextOffset > segment.capacity() / 2 && supply.isEmpty() && !supply.hasFailed()) {
      supply.request();
    }
  }

  /// The next group of the long record that is being written, with a buffer of its own.
  Group nextPiece(long frameBytes) {
    MemorySegment buffer = spare.poll();
    if (buffer == null || !advance()) {
      throw new AssertionError("a long record was permitted without room for it");
    }
    Group group = nextGroup(buffer);
    group.reserve(frameBytes);
    group.fills().filled();
    lastEnd = group.endLsn();
    nextOffset += group.blockBytes(blockSize);
    return group;
  }

  /// Makes the current segment one that can take a whole group.
  private boolean advance() {
    if (nextOffset + groupBytes <= segment.capacity()) {
      return true;
    }
    WalSegment next = supply.poll();
    if (next == null) {
      supply.request();
      return false;
    }
    segment.end(lastEnd);
    next.begin(lastEnd);
    live.add(next);
    segment = next;
    nextOffset = blockSize;
    return true;
  }

  private Group nextGroup(MemorySegment buffer) {
    long start = segment.firstLsn() + (nextOffset - blockSize);
    return new Group(buffer, segment, nextOffset, start, Math.toIntExact(start - lastEnd));
  }

  private long startOfLongRecord() {
    Group group = open;
    if (group == null) {
      throw new AssertionError("a permit without an open group");
    }
    if (group.used() == 0) {
      return group.startLsn();
    }
    long after = group.offset() + group.blockBytes(blockSize);
    return after + groupBytes <= segment.capacity()
        ? segment.firstLsn() + (after - blockSize)
        : group.endLsn();
  }

  @Nullable LongRecord longRecord() {
    return longRecord;
  }

  /// The long record is written; groups may be opened again.
  void endLongRecord() {
    longRecord = null;
  }

  /// A group is written: its buffer can be used again.
  void written(Group group) {
    written = group.segment();
    spare.add(group.buffer());
  }

  long paddingOf(Group group) {
    return group.blockBytes(blockSize) - group.used();
  }

  /// Refuses everybody who waits for room, now and later.
  void close() {
    closed = true;
  }

  /// Takes back segments of which nothing at or behind `lsn` is needed.
  void release(long lsn) {
    releasedLsn = Math.max(releasedLsn, lsn);
    while (live.getFirst() != written && live.getFirst().endLsn() <= lsn - retainBytes) {
      WalSegment last = live.removeFirst();
      last.release();
      supply.giveBack(last);
    }
  }

  /// LSN of the first byte that is still there, which may lie below what is held.
  long firstLsn() {
    return live.getFirst().firstLsn();
  }

  /// The segment that holds the byte with that LSN, or will; null when it is there no longer.
  @Nullable WalSegment segmentAt(long lsn) {
    WalSegment found = null;
    for (WalSegment each : live) {
      if (each.firstLsn() > lsn) {
        break;
      }
      found = each;
    }
    return found;
  }

  /// LSN of the first byte that is held for recovery.
  long heldFrom() {
    return releasedLsn;
  }

  long segmentWaits() {
    return segmentWaits;
  }

  /// Closes the files of segments that were opened for groups and not written.
  void closeSegments() throws IOException {
    for (WalSegment each : live) {
      each.closeFile();
    }
  }
}
