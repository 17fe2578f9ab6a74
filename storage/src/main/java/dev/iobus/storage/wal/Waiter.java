package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Who waits for the log: for an LSN to be acknowledged, or for room. One per wait. Either a task
/// that is parked, or a callback that [AckTask] runs.
final class Waiter {

  /// What comes next.
  enum Turn {
    /// Wait.
    WAIT,
    /// Lead: the log has no leader but this one.
    LEAD,
    /// Look: what it waited for has come, or never will.
    DONE
  }

  /// The parked task; null for a callback.
  final Scheduler.@Nullable Task task;

  /// Run by [AckTask] when the wait is over; null for a parked task.
  final @Nullable AckCallback callback;

  /// Acknowledged when the log has reached this LSN; unused by those who wait for room.
  final long lsn;

  /// What acknowledgement this waits for; null for room.
  final @Nullable Durability durability;

  /// For room: bytes of the frame. Above the size of a group: the right to append alone.
  final long bytes;

  /// Set under the log's lock: by whoever appoints the waiter, takes that back, or ends the wait, and
  /// by the waiter when it begins to lead. Who sets it for another task reads [#parked] after it. The
  /// wait for the last place of a group ends without the lock.
  volatile Turn turn = Turn.WAIT;

  /// Whether the task parks, or is about to. Set by the task, which reads [#turn] after it: one of
  /// both sees the other, so that nobody sleeps and few are woken for nothing.
  volatile boolean parked;

  // Guarded by the log's lock.
  @Nullable Waiter next;
  @Nullable Waiter previous;
  @Nullable Waiter nextWoken;
  boolean granted;
  boolean acknowledged;

  /// For room: how often segments could not be prepared before.
  long failuresBefore;

  @Nullable IOException refusal;

  private Waiter(
      Scheduler.@Nullable Task task,
      @Nullable AckCallback callback,
      long lsn,
      @Nullable Durability durability,
      long bytes) {
    this.task = task;
    this.callback = callback;
    this.lsn = lsn;
    this.durability = durability;
    this.bytes = bytes;
  }

  static Waiter forLsn(Scheduler.Task task, long lsn, Durability durability) {
    return new Waiter(task, null, lsn, durability, 0);
  }

  static Waiter forCallback(AckCallback callback, long lsn, Durability durability) {
    return new Waiter(null, callback, lsn, durability, 0);
  }

  static Waiter forRoom(Scheduler.Task task, long bytes) {
    return new Waiter(task, null, 0, null, bytes);
  }

  static Waiter forFills(Scheduler.Task task) {
    return new Waiter(task, null, 0, null, 0);
  }

  /// The task that waits, where it is one.
  Scheduler.Task requireTask() {
    Scheduler.Task waiting = task;
    if (waiting == null) {
      throw new AssertionError("a callback is not parked");
    }
    return waiting;
  }

  /// Waiters for room, first come first. Guarded by the log's lock.
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
  }
}
