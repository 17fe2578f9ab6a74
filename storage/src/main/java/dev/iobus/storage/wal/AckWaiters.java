package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// Who waits for acknowledgements, in LSN order: an acknowledgement looks only at those whose wait
/// it ends. Those whose bytes are in flight are covered: a write that has begun will end their
/// wait, so that they need no leader. Guarded by the log's lock.
final class AckWaiters {

  private final Line synced = new Line();
  private final Line written = new Line();
  private final Line syncedCallbacks = new Line();
  private final Line writtenCallbacks = new Line();

  void add(Waiter waiter) {
    boolean sync = waiter.durability == Durability.SYNCED;
    if (waiter.callback == null) {
      (sync ? synced : written).add(waiter);
    } else {
      (sync ? syncedCallbacks : writtenCallbacks).add(waiter);
    }
  }

  /// Whether all are covered.
  boolean isEmpty() {
    return firstTask() == null && firstCallback() == null;
  }

  /// Whether `waiter`, which waits for an LSN, is not covered.
  boolean isUncovered(Waiter waiter) {
    return waiter.lsn > (waiter.durability == Durability.SYNCED ? synced : written).coveredLsn;
  }

  /// Whether there is one for `SYNCED` that is not covered.
  boolean hasSynced() {
    return synced.uncovered != null || syncedCallbacks.uncovered != null;
  }

  /// The parked task with the lowest LSN that is not covered, which can lead; null when there is
  /// none.
  @Nullable Waiter firstTask() {
    return lower(synced.uncovered, written.uncovered);
  }

  /// The callback with the lowest LSN that is not covered; null when there is none.
  @Nullable Waiter firstCallback() {
    return lower(syncedCallbacks.uncovered, writtenCallbacks.uncovered);
  }

  /// A write of everything below `lsn` begins.
  ///
  /// @param sync whether it is durable when it has ended
  void cover(long lsn, boolean sync) {
    written.cover(lsn);
    writtenCallbacks.cover(lsn);
    if (sync) {
      synced.cover(lsn);
      syncedCallbacks.cover(lsn);
    }
  }

  private static @Nullable Waiter lower(@Nullable Waiter one, @Nullable Waiter other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.lsn <= other.lsn ? one : other;
  }

  /// Ends every wait that has reached its LSN.
  void acknowledge(long writtenTo, long durableTo, WakeUps wakeUps) {
    synced.acknowledge(durableTo, wakeUps);
    written.acknowledge(writtenTo, wakeUps);
    syncedCallbacks.acknowledge(durableTo, wakeUps);
    writtenCallbacks.acknowledge(writtenTo, wakeUps);
  }

  /// Ends all waits, unacknowledged.
  void refuseAll(WakeUps wakeUps) {
    for (Line line : new Line[] {synced, written, syncedCallbacks, writtenCallbacks}) {
      for (Waiter w = line.poll(); w != null; w = line.poll()) {
        wakeUps.end(w);
      }
    }
  }

  /// A queue in LSN order. Most come in that order, so that a new one belongs at the end or near.
  private static final class Line {

    private @Nullable Waiter head;
    private @Nullable Waiter tail;

    /// The first one behind the covered LSN.
    private @Nullable Waiter uncovered;
    private long coveredLsn;

    void cover(long lsn) {
      coveredLsn = Math.max(coveredLsn, lsn);
      Waiter first = uncovered;
      while (first != null && first.lsn <= coveredLsn) {
        first = first.next;
      }
      uncovered = first;
    }

    void add(Waiter waiter) {
      Waiter first = uncovered;
      if (waiter.lsn > coveredLsn && (first == null || waiter.lsn < first.lsn)) {
        uncovered = waiter;
      }
      Waiter before = tail;
      while (before != null && before.lsn > waiter.lsn) {
        before = before.previous;
      }
      Waiter after = before == null ? head : before.next;
      waiter.previous = before;
      waiter.next = after;
      if (before == null) {
        head = waiter;
      } else {
        before.next = waiter;
      }
      if (after == null) {
        tail = waiter;
      } else {
        after.previous = waiter;
      }
    }

    @Nullable Waiter poll() {
      Waiter first = head;
      if (first != null) {
        Waiter after = first.next;
        head = after;
        if (after == null) {
          tail = null;
        } else {
          after.previous = null;
        }
        if (first == uncovered) {
          uncovered = after;
        }
        first.next = null;
      }
      return first;
    }

    void acknowledge(long lsn, WakeUps wakeUps) {
      for (Waiter w = head; w != null && w.lsn <= lsn; w = head) {
        poll();
        w.acknowledged = true;
        wakeUps.end(w);
      }
    }
  }
}
