package dev.iobus.sim;

import dev.iobus.Scheduler;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A lock of a simulation. Whoever waits for it and is chosen first gets it.
///
/// While a simulation ends, its tasks unwind one after the other: locks are free for all then, and
/// only waits end.
///
/// Confined to the holder of the baton.
final class SimLock implements Scheduler.Lock {

  private final Baton baton;
  private @Nullable SimTask owner;
  private final List<SimTask> waiters = new ArrayList<>();

  SimLock(Baton baton) {
    this.baton = baton;
  }

  @Override
  public void lock() {
    if (baton.isEnding()) {
      return;
    }
    baton.switchPoint();
    take();
  }

  private void take() {
    SimTask self = baton.self();
    if (owner == self) {
      throw new IllegalStateException("a lock was taken twice by " + self);
    }
    while (owner != null) {
      waiters.add(self);
      try {
        baton.block("a lock of " + owner, Long.MAX_VALUE);
      } finally {
        waiters.remove(self);
      }
    }
    owner = self;
  }

  @Override
  public void unlock() {
    if (baton.isEnding()) {
      return;
    }
    free();
    baton.switchPoint();
  }

  private void free() {
    requireHeld();
    owner = null;
    waiters.forEach(baton::wake);
  }

  private void requireHeld() {
    if (owner != baton.self()) {
      throw new IllegalStateException(baton.self() + " does not hold the lock");
    }
  }

  @Override
  public boolean isHeldByCurrentTask() {
    return baton.isEnding() || owner == baton.self();
  }

  @Override
  public Scheduler.Condition newCondition() {
    return new SimCondition();
  }

  private final class SimCondition implements Scheduler.Condition {

    private final List<SimTask> waiting = new ArrayList<>();

    @Override
    public void await() {
      awaitUntil(Long.MAX_VALUE);
    }

    /// Now and then it returns without a signal, as it may.
    @Override
    public boolean awaitUntil(long deadlineNanos) {
      if (!baton.isEnding()) {
        free();
      }
      SimTask self = baton.self();
      waiting.add(self);
      try {
        if (baton.random().nextInt(64) > 0) {
          baton.block("a signal", deadlineNanos);
        } else {
          baton.switchPoint();
        }
      } finally {
        waiting.remove(self);
      }
      take();
      return baton.nowNanos() < deadlineNanos;
    }

    @Override
    public void signal() {
      if (baton.isEnding()) {
        return;
      }
      requireHeld();
      if (!waiting.isEmpty()) {
        baton.wake(waiting.remove(baton.random().nextInt(waiting.size())));
      }
    }

    @Override
    public void signalAll() {
      if (baton.isEnding()) {
        return;
      }
      requireHeld();
      waiting.forEach(baton::wake);
      waiting.clear();
    }
  }
}
