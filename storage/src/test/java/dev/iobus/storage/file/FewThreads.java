package dev.iobus.storage.file;

import dev.iobus.Scheduler;
import java.util.random.RandomGenerator;

/// A host that has no thread left for tasks of one name. Thread-safe.
public final class FewThreads implements Scheduler {

  private final Scheduler system = Scheduler.system();
  private volatile String refused;

  /// @param refused the name of the tasks that are not started
  public FewThreads(String refused) {
    this.refused = refused;
  }

  /// Says that there are threads again.
  public void giveThreads() {
    refused = "";
  }

  /// Says that there is none left from now on for tasks of that name.
  public void takeThreads(String refusedNow) {
    refused = refusedNow;
  }

  @Override
  public Task start(String name, Runnable body) {
    if (name.equals(refused)) {
      throw new OutOfMemoryError("unable to create native thread, planned by a test");
    }
    return system.start(name, body);
  }

  @Override
  public Task currentTask() {
    return system.currentTask();
  }

  @Override
  public void park(long deadlineNanos) {
    system.park(deadlineNanos);
  }

  @Override
  public void unpark(Task task) {
    system.unpark(task);
  }

  @Override
  @SuppressWarnings("NamedLikeContextualKeyword") // The name that Scheduler gives it.
  public void yield() {
    system.yield();
  }

  @Override
  public Lock newLock() {
    return system.newLock();
  }

  @Override
  public long nanoTime() {
    return system.nanoTime();
  }

  @Override
  public long wallClockMillis() {
    return system.wallClockMillis();
  }

  @Override
  public RandomGenerator random(String stream) {
    return system.random(stream);
  }

  @Override
  public int parallelism() {
    return system.parallelism();
  }
}
