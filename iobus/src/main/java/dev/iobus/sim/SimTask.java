package dev.iobus.sim;

import dev.iobus.Scheduler;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One task of a simulation, on a thread of its own that runs while it has the baton.
///
/// Everything but [#turn] belongs to the holder of the baton.
final class SimTask implements Scheduler.Task {

  final Baton baton;
  final int id;
  private final String name;
  private final boolean virtual;

  /// Set once, before the task first waits for its turn.
  private @Nullable Thread thread;

  /// The baton: set by who gives it, taken by the task.
  private volatile boolean turn;

  /// Whether the task waits for something and cannot be chosen.
  boolean blocked;

  /// Numbers its waits, so that a late timer does not end another one.
  long wait;

  /// Given by an unpark, taken by a park.
  boolean permit;

  /// Whether it waits for an unpark.
  boolean parked;

  /// What it waits for, for messages.
  String waitsFor = "";

  boolean ended;

  SimTask(Baton baton, int id, String name, boolean virtual) {
    this.baton = baton;
    this.id = id;
    this.name = name;
    this.virtual = virtual;
  }

  void runsOn(Thread itsThread) {
    thread = itsThread;
  }

  Thread thread() {
    Thread known = thread;
    assert known != null : "the task has no thread";
    return known;
  }

  void giveTurn() {
    turn = true;
    LockSupport.unpark(thread());
  }

  /// Waits for the baton, in real time. Returns false when it did not come for that long.
  ///
  /// @param nanos real time; [Long#MAX_VALUE] for no limit
  boolean awaitTurn(long nanos) {
    long start = nanos == Long.MAX_VALUE ? 0 : System.nanoTime();
    boolean interrupted = false;
    boolean came = true;
    while (!turn && came) {
      if (nanos == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, nanos);
        came = turn || System.nanoTime() - start < nanos;
      }
      interrupted |= Thread.interrupted(); // Else every further park would return at once.
    }
    if (came) {
      turn = false;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return came;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isVirtual() {
    return virtual;
  }

  @Override
  public long number() {
    return id;
  }

  @Override
  public String toString() {
    return "Task[" + id + " " + name + "]";
  }
}
