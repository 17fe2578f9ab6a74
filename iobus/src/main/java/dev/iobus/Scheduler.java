package dev.iobus;

import java.util.random.RandomGenerator;

/// The one seam through which an engine gets threads, waiting, time and randomness.
///
/// Code that takes all four from here can be run by a simulator that decides every interleaving
/// from one seed. Code that runs in production uses [#system()].
///
/// Thread-safe. Every method may be called from any task; a thread that the scheduler did not
/// start is a task too, from its first call on.
public interface Scheduler {

  /// The scheduler of the real world: platform threads, the machine's clocks, and randomness
  /// seeded by the operating system.
  static Scheduler system() {
    return SystemScheduler.INSTANCE;
  }

  /// Whoever runs: a thread, virtual or platform, or a task of a simulation. Two calls of
  /// [#currentTask()] by one task return the same object.
  interface Task {

    /// The name given at the start, or the thread's name; for messages only.
    String name();

    /// Whether the task is a virtual thread, whose native waits hold a carrier.
    boolean isVirtual();

    /// A number that no other task that lives has. For spreading tasks over what there are several of,
    /// such as rings, or lines of memory that many write: it says nothing else.
    long number();
  }

  /// A mutual exclusion lock. Not reentrant by contract: a task that holds it must not lock it
  /// again. Waiting for it cannot be interrupted.
  interface Lock {

    /// Waits until the lock is free, and takes it.
    void lock();

    /// Releases the lock; the caller must hold it.
    void unlock();

    /// Whether the calling task has it.
    boolean isHeldByCurrentTask();

    /// A new queue of waiters, for the holders of this lock.
    Condition newCondition();
  }

  /// A queue of waiters that belongs to a [Lock]. All three methods need the lock.
  interface Condition {

    /// Releases the lock, waits for a signal and takes the lock again. May return without a
    /// signal.
    void await();

    /// As [#await()], at the latest until `deadlineNanos` on the clock of
    /// [Scheduler#nanoTime()]. Returns false when the deadline has passed.
    boolean awaitUntil(long deadlineNanos);

    /// Wakes one waiter, if there is any.
    void signal();

    /// Wakes all waiters.
    void signalAll();
  }

  /// Starts a task that runs `body` to its end on a thread of its own (a daemon platform thread
  /// in the real world).
  Task start(String name, Runnable body);

  /// The task that calls, which may be a thread that was not started here.
  Task currentTask();

  /// The number of [#currentTask()], where that is found faster.
  default long currentTaskNumber() {
    return currentTask().number();
  }

  /// Blocks the calling task until [#unpark] is called for it, or was called since its last
  /// park, or `deadlineNanos` on the clock of [#nanoTime()] has passed
  /// ([Long#MAX_VALUE]: no deadline). A task may be unparked for a reason that is gone by now:
  /// callers loop. An interrupt does not end the wait; the interrupt flag is kept.
  void park(long deadlineNanos);

  /// Ends the current or else the next [#park] of a task. From any task; several calls before it
  /// parks count as one.
  void unpark(Task task);

  /// Lets other tasks run.
  @SuppressWarnings("NamedLikeContextualKeyword") // The name that Thread gives it.
  void yield();

  /// A new lock, which is free.
  Lock newLock();

  /// A clock in nanoseconds that never goes back, with an arbitrary origin.
  long nanoTime();

  /// Milliseconds since 1970-01-01 UTC; for people, never for correctness.
  long wallClockMillis();

  /// A generator for one purpose, named by `stream`; the same name gives an independent generator
  /// at each call. Confined to the caller.
  RandomGenerator random(String stream);

  /// How many tasks can run at the same time, at least 1.
  int parallelism();
}
