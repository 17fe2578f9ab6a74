package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// Who waits for acknowledgements, in LSN order: an acknowledgement looks only at those whose wait
/// it ends. Guarded by the log's lock.
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

  boolean isEmpty() {
    return firstTask() == null && firstCallback() == null;
  }

  boolean hasSynced() {
    return synced.head != null || syncedCallbacks.head != null;
  }

  /// The parked task with the lowest LSN, which can lead; null when there is none.
  @Nullable Waiter firstTask() {
    return lower(synced.head, written.head);
  }

  /// The callback with the lowest LSN; null when there is none.
  @Nullable Waiter firstCallback() {
    return lower(syncedCallbacks.head, writtenCallbacks.head);
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

    void add(Waiter waiter) {
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
