package dev.iobus.storage.wal;

import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Who may append, and the open group that they append to. Everything here is guarded by the log's
/// lock.
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
  private final SegmentSupply supply;
  private final GroupPlaces places;
  private final WakeUps wakeUps;

  private final ArrayDeque<GroupBuffer> spare = new ArrayDeque<>();
  private final Waiter.Queue waiters = new Waiter.Queue();
  private @Nullable Group open;
  private @Nullable LongRecord longRecord;
  private long permitBytes;
  private boolean alone;
  private boolean closed;

  /// @param wakeUps takes waiters that got what they wait for
  Room(int groupBytes, SegmentSupply supply, GroupPlaces places, WakeUps wakeUps) {
    this.groupBytes = groupBytes;
    this.supply = supply;
    this.places = places;
    this.wakeUps = wakeUps;
  }

  /// Gives the memory of one group to be used in turn: at first, and when that group is written.
  void addBuffer(GroupBuffer buffer) {
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

  /// The open group, if it has room for a frame and nobody waits for that; null otherwise.
  @Nullable Group groupFor(long frameBytes) {
    return waiters.isEmpty() && fits(frameBytes) ? open : null;
  }

  /// Queues a task for room; [#grant()] gives it.
  ///
  /// @return whether a segment is what is missing
  boolean await(Waiter waiter) {
    waiter.failuresBefore = supply.failures();
    waiters.add(waiter);
    return lacksPlace();
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
    Group group = open;
    if (group == null) {
      throw new AssertionError("a permit without an open group");
    }
    if (record != null) {
      assert alone : "a long record without its permit";
      alone = false;
      record.begin(places.startBehind(group));
      longRecord = record;
      reservation.place(record);
    } else {
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
      } else {
        if (!lacksPlace(waiter)) {
          return;
        }
        // One that failed before anybody waited for it says nothing of now.
        IOException failure = supply.takeFailure();
        if (failure == null || supply.failures() == waiter.failuresBefore) {
          supply.request();
          return;
        }
        waiter.refusal = failure;
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
        && places.canFollow(group);
  }

  /// Whether segments are what is missing, not their turn.
  private boolean lacksPlace() {
    Group group = open;
    return group == null ? !spare.isEmpty() && longRecord == null : !places.canFollow(group);
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
    long pieces =
        LongRecord.pieces((int) (waiter.bytes - WalFormat.FRAME_HEADER_BYTES), groupBytes);
    return places.canFollow(group, pieces + 1);
  }

  /// The first waiter, if what keeps it waiting is that the open group, or a long record, is not
  /// written yet; it may then lead. Null when there is nothing that a leader could do.
  @Nullable Waiter leaderCandidate() {
    boolean somethingToWrite = longRecord != null || openBytes() > 0;
    return somethingToWrite ? waiters.head() : null;
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

  /// Whether the open group is half full.
  boolean isHalfFull() {
    return openBytes() > groupBytes / 2;
  }

  /// Whether the leader has to wait before it may seal: see invariant 3.
  boolean mustDrain() {
    Group group = open;
    if (group == null || group.used() == 0 || permitBytes == 0 || places.canFollow(group)) {
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
    places.end(group);
    openNext();
    return group;
  }

  /// Opens a group if there is none, and a buffer and a place for one.
  void openNext() {
    GroupBuffer buffer = spare.peek();
    if (open != null || longRecord != null || buffer == null || !places.advance()) {
      return;
    }
    spare.poll();
    open = places.open(buffer);
    places.prepareNext();
  }

  /// Whether there is no open group for want of a segment that may still come; asks for it.
  boolean awaitsSegment() {
    openNext();
    return open == null && !spare.isEmpty() && longRecord == null && !supply.hasFailed();
  }

  /// Puts one mark into the open group if nobody else is about to append. It does not take the last
  /// place that there is, unless it is the last mark: that one finds a place always, as there is
  /// one behind every record (invariant 2) and every other mark.
  ///
  /// @return the group with the mark, sealed; null when there was no place for one
  @Nullable Group sealMark(long durableMark, boolean last) {
    Group group = open;
    boolean othersAppend = longRecord != null || ((alone || permitBytes != 0) && !closed);
    if (group == null || group.used() != 0 || othersAppend) {
      return null;
    }
    if (!last && !places.canFollow(group)) {
      return null;
    }
    long at = group.reserve(WalFormat.FRAME_HEADER_BYTES);
    group.sealFrame(at, FrameType.MARK, 0, durableMark);
    group.fills().filled();
    return seal();
  }

  /// The record that is longer than a group and is reserved but not written; null when there is
  /// none.
  @Nullable LongRecord longRecord() {
    return longRecord;
  }

  /// The next group of the long record that is being written, with a buffer of its own.
  Group nextPiece(long frameBytes) {
    GroupBuffer buffer = spare.poll();
    if (buffer == null || !places.advance()) {
      throw new AssertionError("a long record was permitted without room for it");
    }
    Group group = places.open(buffer);
    group.reserve(frameBytes);
    group.fills().filled();
    places.end(group);
    return group;
  }

  /// The long record is written; groups may be opened again.
  void endLongRecord() {
    longRecord = null;
  }

  /// Refuses everybody who waits for room, now and later.
  void close() {
    closed = true;
  }
}
