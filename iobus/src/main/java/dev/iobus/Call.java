package dev.iobus;

import org.jspecify.annotations.Nullable;

/// One caller of a [SharedBus] that waits for results of its own operations.
///
/// The reaper alone raises [#completed]; the caller alone sets [#task], [#target] and [#waiting].
/// Both sides store first and read after (all fields volatile), so no wake-up is lost: the caller
/// writes `waiting` and then reads `completed`, the reaper writes `completed` and then reads
/// `waiting`.
final class Call {

  Scheduler.@Nullable Task task;

  /// Results since [#begin].
  volatile int completed;

  /// How many results the caller waits for.
  volatile int target;

  /// Whether the caller is about to park, or parked.
  volatile boolean waiting;

  void begin(Scheduler.Task caller) {
    task = caller;
    target = 0;
    waiting = false;
    completed = 0;
  }

  /// By the reaper only. Returns whether the caller must be woken.
  @SuppressWarnings("NonAtomicOperationOnVolatileField") // The reaper role makes it one writer.
  boolean countOne() {
    int now = completed + 1;
    completed = now;
    return waiting && now >= target;
  }
}
