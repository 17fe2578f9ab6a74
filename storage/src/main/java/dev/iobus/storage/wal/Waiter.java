package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A task that waits for the log: for an LSN to be acknowledged, or for room. One per wait.
final class Waiter {

  /// What the task has to do next.
  enum Turn {
    /// Wait.
    WAIT,
    /// Lead: the log has no leader but this task.
    LEAD,
    /// Look: what it waited for has come, or never will.
    DONE
  }

  final Scheduler.Task task;

  /// Acknowledged when the log has reached this LSN; unused by those who wait for room.
  final long lsn;

  /// What acknowledgement this waits for; null for room.
  final @Nullable Durability durability;

  /// For room: bytes of the frame. Above the size of a group: the right to append alone.
  final long bytes;

  /// Set last by whoever wakes the task.
  volatile Turn turn = Turn.WAIT;

  // Guarded by the log's lock.
  @Nullable Waiter next;
  @Nullable Waiter nextWoken;
  boolean granted;
  @Nullable IOException refusal;

  private Waiter(
      Scheduler.Task task, long lsn, @Nullable Durability durability, long bytes) {
    this.task = task;
    this.lsn = lsn;
    this.durability = durability;
    this.bytes = bytes;
  }

  static Waiter forLsn(Scheduler.Task task, long lsn, Durability durability) {
    return new Waiter(task, lsn, durability, 0);
  }

  static Waiter forRoom(Scheduler.Task task, long bytes) {
    return new Waiter(task, 0, null, bytes);
  }

  static Waiter forFills(Scheduler.Task task) {
    return new Waiter(task, 0, null, 0);
  }

  /// A queue of waiters, first come first. Guarded by the log's lock.
  static final class Queue {

    private @Nullable Waiter head;
    private @Nullable Waiter tail;

    void add(Waiter waiter) {
      Waiter last = tail;
      if (last == null) {
        head = waiter;
      } else {
        last.next = waiter;
      }
      tail = waiter;
    }

    @Nullable Waiter head() {
      return head;
    }

    boolean isEmpty() {
      return head == null;
    }

    @Nullable Waiter poll() {
      Waiter first = head;
      if (first != null) {
        head = first.next;
        first.next = null;
        if (head == null) {
          tail = null;
        }
      }
      return first;
    }

    /// Takes every waiter out whose LSN is acknowledged, and ends its wait.
    void removeReached(long written, long durable, WakeUps wakeUps) {
      Waiter before = null;
      Waiter waiter = head;
      while (waiter != null) {
        Waiter after = waiter.next;
        long reached = waiter.durability == Durability.SYNCED ? durable : written;
        if (waiter.lsn <= reached) {
          if (before == null) {
            head = after;
          } else {
            before.next = after;
          }
          if (after == null) {
            tail = before;
          }
          waiter.next = null;
          wakeUps.end(waiter);
        } else {
          before = waiter;
        }
        waiter = after;
      }
    }

    boolean hasSynced() {
      for (Waiter waiter = head; waiter != null; waiter = waiter.next) {
        if (waiter.durability == Durability.SYNCED) {
          return true;
        }
      }
      return false;
    }
  }
}
