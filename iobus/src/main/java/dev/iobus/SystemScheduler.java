package dev.iobus;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// The real world behind [Scheduler]. Thread-safe.
final class SystemScheduler implements Scheduler {

  static final SystemScheduler INSTANCE = new SystemScheduler();

  private final ThreadLocal<ThreadTask> tasks =
      ThreadLocal.withInitial(() -> new ThreadTask(Thread.currentThread()));

  private final int parallelism = carriers();

  private SystemScheduler() {}

  /// What the JDK's own scheduler of virtual threads starts with: see [Thread].
  private static int carriers() {
    int processors = Runtime.getRuntime().availableProcessors();
    return Math.max(1, Integer.getInteger("jdk.virtualThreadScheduler.parallelism", processors));
  }

  @Override
  public Task start(String name, Runnable body) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(body, "body");
    ThreadTask[] self = new ThreadTask[1];
    Thread thread =
        Thread.ofPlatform()
            .name(name)
            .daemon()
            .unstarted(
                () -> {
                  tasks.set(self[0]);
                  body.run();
                });
    self[0] = new ThreadTask(thread);
    thread.start();
    return self[0];
  }

  @Override
  public Task currentTask() {
    return tasks.get();
  }

  @Override
  public long currentTaskNumber() {
    return Thread.currentThread().threadId();
  }

  @Override
  public void park(long deadlineNanos) {
    ThreadTask task = tasks.get();
    boolean interrupted = false;
    while (!task.takePermit()) {
      if (deadlineNanos == Long.MAX_VALUE) {
        LockSupport.park(task);
      } else {
        long left = deadlineNanos - System.nanoTime();
        if (left <= 0) {
          break;
        }
        LockSupport.parkNanos(task, left);
      }
      // A set flag would make every further park return at once.
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      task.thread.interrupt();
    }
  }

  @Override
  public void unpark(Task task) {
    ThreadTask target = (ThreadTask) task;
    target.permit = true;
    LockSupport.unpark(target.thread);
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // A hint is what the caller asks for.
  public void yield() {
    Thread.yield();
  }

  @Override
  public Lock newLock() {
    return new ThreadLock();
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long wallClockMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public RandomGenerator random(String stream) {
    byte[] seed = SecureRandom.getSeed(32);
    return RandomGeneratorFactory.of("Xoshiro256PlusPlus").create(seed);
  }

  @Override
  public int parallelism() {
    return parallelism;
  }

  /// One thread as a task. It keeps a permit of its own beside that of [LockSupport], whose park
  /// cannot tell an unpark from an interrupt.
  private static final class ThreadTask implements Task {

    private static final VarHandle PERMIT;

    static {
      try {
        PERMIT = MethodHandles.lookup().findVarHandle(ThreadTask.class, "permit", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private final Thread thread;
    private volatile boolean permit;

    ThreadTask(Thread thread) {
      this.thread = thread;
    }

    boolean takePermit() {
      return permit && (boolean) PERMIT.getAndSet(this, false);
    }

    @Override
    public String name() {
      return thread.getName();
    }

    @Override
    public boolean isVirtual() {
      return thread.isVirtual();
    }

    @Override
    public long number() {
      return thread.threadId();
    }

    @Override
    public String toString() {
      return "Task[" + thread.getName() + "]";
    }
  }

  private static final class ThreadLock implements Lock {

    private final ReentrantLock lock = new ReentrantLock();

    @Override
    public void lock() {
      lock.lock();
      assert lock.getHoldCount() == 1 : "a seam lock was taken twice by one task";
    }

    @Override
    public void unlock() {
      lock.unlock();
    }

    @Override
    public boolean isHeldByCurrentTask() {
      return lock.isHeldByCurrentThread();
    }

    @Override
    public Condition newCondition() {
      return new ThreadCondition(lock.newCondition());
    }
  }

  private record ThreadCondition(java.util.concurrent.locks.Condition condition)
      implements Condition {

    @Override
    @SuppressWarnings("WaitNotInLoop") // Callers loop; see Scheduler.Condition.
    public void await() {
      condition.awaitUninterruptibly();
    }

    @Override
    public boolean awaitUntil(long deadlineNanos) {
      boolean interrupted = false;
      try {
        while (true) {
          long left = deadlineNanos - System.nanoTime();
          if (left <= 0) {
            return false;
          }
          try {
            return condition.awaitNanos(left) > 0;
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    public void signal() {
      condition.signal();
    }

    @Override
    public void signalAll() {
      condition.signalAll();
    }
  }
}
