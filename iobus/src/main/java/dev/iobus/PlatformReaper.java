package dev.iobus;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A platform thread that does one thing each time it is woken; started at the first time.
/// Thread-safe.
final class PlatformReaper {

  private final Scheduler scheduler;
  private final Runnable turn;

  private final AtomicBoolean started = new AtomicBoolean();
  private volatile Scheduler.@Nullable Task task;
  private volatile boolean stopped;
  private volatile boolean ended;
  private volatile Scheduler.@Nullable Task stopper;

  /// @param turn what to do; throws nothing
  PlatformReaper(Scheduler scheduler, Runnable turn) {
    this.scheduler = scheduler;
    this.turn = turn;
  }

  /// Has it take a turn that begins after this call.
  void wake() {
    if (started.compareAndSet(false, true)) {
      scheduler.start("iobus-reaper", this::run);
    } else {
      Scheduler.Task started = task;
      if (started != null) {
        scheduler.unpark(started);
      }
    }
  }

  private void run() {
    // By itself, before its first turn: who still finds null here need not wake it.
    task = scheduler.currentTask();
    try {
      while (!stopped) {
        turn.run();
        scheduler.park(Long.MAX_VALUE);
      }
    } finally {
      ended = true;
      Scheduler.Task waiter = stopper;
      if (waiter != null) {
        scheduler.unpark(waiter);
      }
    }
  }

  /// Ends it, when its turn does, and waits for that.
  void stop() {
    stopped = true;
    if (!started.get()) {
      return;
    }
    stopper = scheduler.currentTask();
    while (!ended) {
      wake();
      scheduler.park(scheduler.nanoTime() + 10_000_000);
    }
  }
}
