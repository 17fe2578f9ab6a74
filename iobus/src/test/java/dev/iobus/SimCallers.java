package dev.iobus;

import dev.iobus.sim.SimScheduler;

/// Callers that are tasks of a simulation.
record SimCallers(SimScheduler scheduler) implements Callers.Place {

  /// Confined to the holder of the baton.
  private static final class TaskCaller implements Callers.Caller {

    private final SimScheduler scheduler;
    private boolean ended;

    TaskCaller(SimScheduler scheduler) {
      this.scheduler = scheduler;
    }

    @Override
    public boolean isAlive() {
      return !ended;
    }

    /// No task of a simulation is interrupted.
    @Override
    public void interrupt() {}

    @Override
    public void join(long millis) {
      long deadline = scheduler.nanoTime() + millis * 1_000_000;
      while (!ended && scheduler.nanoTime() < deadline) {
        scheduler.park(deadline);
      }
    }
  }

  @Override
  public Callers.Caller start(Callers.Kind kind, Runnable body) {
    TaskCaller caller = new TaskCaller(scheduler);
    Scheduler.Task starter = scheduler.currentTask();
    Runnable task =
        () -> {
          body.run();
          caller.ended = true;
          scheduler.unpark(starter);
        };
    if (kind == Callers.Kind.VIRTUAL) {
      scheduler.startVirtual("virtual caller", task);
    } else {
      scheduler.start("platform caller", task);
    }
    return caller;
  }

  @Override
  public void pause(long nanos) {
    long until = scheduler.nanoTime() + nanos;
    while (scheduler.nanoTime() < until) {
      scheduler.park(until);
    }
  }
}
