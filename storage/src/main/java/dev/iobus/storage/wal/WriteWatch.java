package dev.iobus.storage.wal;

import dev.iobus.Scheduler;

/// Looks for writes that take long, in a task of its own: every other task of the log may itself
/// wait for such a write. The state is guarded by the log's lock.
final class WriteWatch {

  /// How often writes in flight are looked at.
  private static final long WATCH_NANOS = 100_000_000;

  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition changed;

  // Guarded by the lock.
  private boolean watching;
  private boolean stopped;

  WriteWatch(Scheduler scheduler, Scheduler.Lock lock) {
    this.scheduler = scheduler;
    this.lock = lock;
    this.changed = lock.newCondition();
  }

  /// Takes note of a write that begins. Needs the lock.
  void began() {
    if (!watching) {
      watching = true;
      changed.signal();
    }
  }

  /// Serves the log until [#stop()]. The body of the log's task.
  void run(Flights flights) {
    lock.lock();
    try {
      while (!stopped) {
        if (!watching) {
          changed.await();
        } else if (awaitTurn()) {
          watching = flights.isBusy();
          lock.unlock();
          try {
            flights.reportSlow();
          } finally {
            lock.lock();
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /// Waits until it is time to look again; false when there is nothing to look at any more.
  private boolean awaitTurn() {
    long deadline = scheduler.nanoTime() + WATCH_NANOS;
    while (!stopped && scheduler.nanoTime() < deadline) {
      changed.awaitUntil(deadline);
    }
    return !stopped;
  }

  /// Ends [#run]. Needs the lock.
  void stop() {
    stopped = true;
    changed.signalAll();
  }
}
