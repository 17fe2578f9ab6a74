package dev.iobus;

import org.jspecify.annotations.Nullable;

/// The deadlines that run while the backend does not have their operations yet: those of operations
/// that a barrier holds, or that wait with a close. What is behind others in its run has none before
/// it begins.
///
/// Confined to the bus thread.
final class HeldDeadlines {

  private final HandleTable table;
  private final Scheduler scheduler;
  private int count;

  HeldDeadlines(HandleTable table, Scheduler scheduler) {
    this.table = table;
    this.scheduler = scheduler;
  }

  /// Takes an operation in that is not given to the backend yet.
  void add(Handle handle) {
    if (handle.isBounded() && !handle.extras.behind) {
      handle.extras.timedHere = true;
      count++;
    }
  }

  /// By the beginning of an operation, and by its end.
  void remove(Handle handle) {
    if (handle.extras.timedHere) {
      handle.extras.timedHere = false;
      count--;
    }
  }

  /// How long to wait for something else, and no longer than until the first deadline.
  ///
  /// @param nanos [Long#MAX_VALUE] for no limit
  long limited(long nanos) {
    Handle first = first();
    return first == null
        ? nanos
        : Math.min(nanos, Math.max(0, first.extras.deadline - scheduler.nanoTime()));
  }

  /// An operation whose deadline has passed, or null.
  @Nullable Handle expired() {
    Handle first = first();
    return first != null && first.extras.deadline - scheduler.nanoTime() <= 0 ? first : null;
  }

  private @Nullable Handle first() {
    Handle first = null;
    for (int i = 0; count > 0 && i < table.size(); i++) {
      Handle handle = table.get(i);
      if (handle.extras.timedHere
          && (first == null || handle.extras.deadline - first.extras.deadline < 0)) {
        first = handle;
      }
    }
    return first;
  }
}
