package dev.iobus;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The callers of a [SharedBus] that wait for results, each under the index of a slot that it holds.
/// Thread-safe.
final class Waiters {

  private final Scheduler scheduler;
  private final AtomicReferenceArray<@Nullable Call> waiting;

  /// Those of them that are no virtual threads.
  private final AtomicInteger platform = new AtomicInteger();

  /// Where the last search ended; a hint.
  private int searchFrom;

  /// @param capacity slots that there can be
  Waiters(Scheduler scheduler, int capacity) {
    this.scheduler = scheduler;
    this.waiting = new AtomicReferenceArray<>(capacity);
  }

  void add(int key, Call call, boolean virtual) {
    waiting.set(key, call);
    if (!virtual) {
      platform.incrementAndGet();
    }
  }

  void remove(int key, boolean virtual) {
    if (!virtual) {
      platform.decrementAndGet();
    }
    waiting.set(key, null);
  }

  /// Whether anybody waits who is no virtual thread.
  boolean hasPlatform() {
    return platform.get() > 0;
  }

  /// Wakes one; platform threads come first.
  ///
  /// @param length slots that there are so far
  void wakeOne(int length) {
    int from = searchFrom;
    boolean wantsPlatform = hasPlatform();
    Scheduler.Task found = null;
    for (int i = 0; i < length && (found == null || wantsPlatform); i++) {
      int at = from + i < length ? from + i : from + i - length;
      Call call = waiting.get(at);
      Scheduler.Task task = call == null ? null : call.task;
      if (task != null && (found == null || !task.isVirtual())) {
        searchFrom = at + 1 < length ? at + 1 : 0;
        found = task;
        wantsPlatform &= task.isVirtual();
      }
    }
    if (found != null) {
      scheduler.unpark(found);
    }
  }

  void wakeAll() {
    for (int i = 0; i < waiting.length(); i++) {
      Call call = waiting.get(i);
      if (call != null && call.task != null) {
        scheduler.unpark(call.task);
      }
    }
  }
}
