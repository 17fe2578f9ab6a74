package dev.iobus.storage.wal;

/// Where the next group goes: one behind the other in a segment, then in the next one. Guarded by
/// the log's lock.
final class GroupPlaces {

  // Constant after construction.
  private final int groupBytes;
  private final int blockSize;
  private final SegmentSupply supply;
  private final LiveSegments live;

  private WalSegment segment;

  /// Where in the segment's file the next group begins.
  private long nextOffset;

  /// LSN at which the last frame before it ends.
  private long lastEnd;

  /// @param first the first segment of the epoch; it has its place already
  GroupPlaces(
      int groupBytes, int blockSize, SegmentSupply supply, LiveSegments live, WalSegment first) {
    this.groupBytes = groupBytes;
    this.blockSize = blockSize;
    this.supply = supply;
    this.live = live;
    this.segment = first;
    this.nextOffset = blockSize;
    this.lastEnd = first.firstLsn();
  }

  /// Makes the current segment one that can take a whole group; asks for a segment when there is
  /// none.
  boolean advance() {
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

  /// A group at the next place, after [#advance()]. The place is taken by [#end].
  Group open(GroupBuffer buffer) {
    long start = segment.firstLsn() + (nextOffset - blockSize);
    return new Group(buffer, segment, nextOffset, start, Math.toIntExact(start - lastEnd));
  }

  /// Nothing more is put into the group at the next place.
  void end(Group group) {
    lastEnd = group.endLsn();
    nextOffset = group.offset() + group.blockBytes(blockSize);
  }

  /// Whether a group can follow `open`, however full that gets.
  boolean canFollow(Group open) {
    return open.offset() + 2L * groupBytes <= segment.capacity() || !supply.isEmpty();
  }

  /// Whether so many groups can follow `open` as it is now.
  boolean canFollow(Group open, long groups) {
    long here = (segment.capacity() - behind(open)) / groupBytes;
    return here + supply.roomForGroups(groupBytes) >= groups;
  }

  /// LSN of the group that follows `open` as it is now; of `open` itself when it is empty.
  long startBehind(Group open) {
    if (open.used() == 0) {
      return open.startLsn();
    }
    long after = behind(open);
    return after + groupBytes <= segment.capacity()
        ? segment.firstLsn() + (after - blockSize)
        : open.endLsn();
  }

  private long behind(Group open) {
    return open.offset() + open.blockBytes(blockSize);
  }

  /// Has a segment prepared when this one is half full.
  void prepareNext() {
    if (nextOffset > segment.capacity() / 2 && supply.isEmpty() && !supply.hasFailed()) {
      supply.request();
    }
  }

  /// Zeros behind the frames of a group.
  long paddingOf(Group group) {
    return group.blockBytes(blockSize) - group.used();
  }
}
