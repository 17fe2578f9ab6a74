package dev.iobus;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A platform thread that does one thing each time it is woken; started at the first time.
/// Thread-safe.
final class PlatformReaper {

  private final Scheduler scheduler;
  private final Runnable turn;
  private final Consumer<Throwable> struck;

  private final AtomicBoolean started = new AtomicBoolean();
  private volatile Scheduler.@Nullable Task task;
  private volatile boolean stopped;
  private volatile boolean ended;
  private volatile Scheduler.@Nullable Task stopper;

  /// @param turn what to do; throws nothing
  /// @param struck told of what ends the thread before it was asked to end
  PlatformReaper(Scheduler scheduler, Runnable turn, Consumer<Throwable> struck) {
    this.scheduler = scheduler;
    this.turn = turn;
    this.struck = struck;
  }

  /// Has it take a turn that begins after this call. Throws what keeps its thread from starting.
  void wake() {
    if (started.compareAndSet(false, true)) {
      try {
        scheduler.start("iobus-reaper", this::run);
      } catch (RuntimeException | Error t) {
        started.set(false); // There is nobody to wake, or to wait for.
        throw t;
      }
    } else {
      Scheduler.Task started = task;
      if (started != null) {
        scheduler.unpark(started);
      }
    }
  }

  private void run() {
    try {
      // By itself, before its first turn: who still finds null here need not wake it.
      task = scheduler.currentTask();
      while (!stopped) {
        turn.run();
        scheduler.park(Long.MAX_VALUE);
      }
    } catch (RuntimeException | Error t) {
      struck.accept(t); // Those whom nobody would wake any more hear of it.
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
