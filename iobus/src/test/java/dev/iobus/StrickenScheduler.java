package dev.iobus;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The scheduler of this machine, on which an [Error] strikes: a thread where it would wait or wake
/// another, or all who start a task. Thread-safe.
final class StrickenScheduler implements Scheduler {

  private final Scheduler system = Scheduler.system();
  private final int parallelism;

  /// By which the bus chooses the ring of the calling thread; 0 for who has none.
  final ThreadLocal<Long> numbers = ThreadLocal.withInitial(() -> 0L);

  /// Who is struck at its next park; once.
  volatile @Nullable Thread parks;

  /// The name of who is; once.
  volatile @Nullable String parksNamed;

  /// Who is struck whenever it would wake another.
  volatile @Nullable Thread unparks;

  /// Whether no task can be started.
  volatile boolean startsNothing;

  /// @param parallelism what it says of itself
  StrickenScheduler(int parallelism) {
    this.parallelism = parallelism;
  }

  @Override
  public Task start(String name, Runnable body) {
    if (startsNothing) {
      throw new OutOfMemoryError("planted: no thread");
    }
    return system.start(name, body);
  }

  @Override
  public void park(long deadlineNanos) {
    if (Thread.currentThread().equals(parks)) {
      parks = null;
      throw new OutOfMemoryError("planted: no park");
    }
    if (Thread.currentThread().getName().equals(parksNamed)) {
      parksNamed = null;
      throw new OutOfMemoryError("planted: no park");
    }
    system.park(deadlineNanos);
  }

  @Override
  public int parallelism() {
    return parallelism;
  }

  @Override
  public Task currentTask() {
    return system.currentTask();
  }

  @Override
  public long currentTaskNumber() {
    return numbers.get();
  }

  @Override
  public void unpark(Task task) {
    if (Thread.currentThread().equals(unparks)) {
      throw new StackOverflowError("planted: no unpark");
    }
    system.unpark(task);
  }

  @Override
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
}
