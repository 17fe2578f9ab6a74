package dev.iobus.storage.wal;

import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The segments that hold the log, in LSN order; the last one is written or will be. Guarded by
/// the log's lock.
final class LiveSegments {

  private final SegmentSupply supply;
  private final long retainBytes;
  private final ArrayDeque<WalSegment> live = new ArrayDeque<>();

  /// The segment that the last finished write went to.
  private WalSegment written;

  private long heldFrom;

  /// @param first the first segment of the epoch; it has its place already
  /// @param heldFrom LSN from which on the owner needs the log
  /// @param retainBytes what is kept below that, for readers
  LiveSegments(
      SegmentSupply supply,
      Iterable<WalSegment> recovered,
      WalSegment first,
      long heldFrom,
      long retainBytes) {
    this.supply = supply;
    this.retainBytes = retainBytes;
    this.heldFrom = heldFrom;
    this.written = first;
    for (WalSegment old : recovered) {
      live.add(old);
    }
    live.add(first);
  }

  /// The log goes on in that segment.
  void add(WalSegment next) {
    live.add(next);
  }

  /// A group of that segment is written, so that everything before it is.
  void written(WalSegment segment) {
    written = segment;
  }

  /// Gives segments back of which nothing at or behind `lsn` is needed.
  void release(long lsn) {
    heldFrom = Math.max(heldFrom, lsn);
    while (live.getFirst() != written && live.getFirst().endLsn() <= lsn - retainBytes) {
      WalSegment last = live.removeFirst();
      last.release();
      supply.giveBack(last);
    }
  }

  /// LSN of the first byte that is held for recovery.
  long heldFrom() {
    return heldFrom;
  }

  /// LSN of the first byte that is still there, which may lie below what is held.
  long firstLsn() {
    return live.getFirst().firstLsn();
  }

  /// The segment that holds the byte with that LSN, or will; null when it is there no longer.
  @Nullable WalSegment at(long lsn) {
    WalSegment found = null;
    for (WalSegment each : live) {
      if (each.firstLsn() > lsn) {
        break;
      }
      found = each;
    }
    return found;
  }

  /// All of them, in the order of the log.
  List<WalSegment> all() {
    return List.copyOf(live);
  }
}
