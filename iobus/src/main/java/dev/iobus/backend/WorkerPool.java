package dev.iobus.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A bounded number of private threads for calls that block. Each takes a whole run of linked
/// jobs and works through it in order.
///
/// The threads are daemons, started when work finds none of them idle, and known to nobody else:
/// an interrupt would close the `FileChannel` that the thread is using, and with it the file of
/// every other user. Each ignores and clears a stray interrupt before it takes work.
///
/// Thread-safe.
///
/// @param <J> the kind of job
final class WorkerPool<J extends Job<J>> {

  private final String name;
  private final int threadsMax;
  private final Consumer<J> work;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition workThere = lock.newCondition();

  // Guarded by the lock.
  private final List<Thread> threads = new ArrayList<>();
  private @Nullable J head;
  private @Nullable J tail;
  private int queuedRuns;
  private int idle;
  private boolean stopping;

  /// @param work runs all jobs of the run that begins with the given one; must not throw
  WorkerPool(String name, int threadsMax, Consumer<J> work) {
    this.name = name;
    this.threadsMax = threadsMax;
    this.work = work;
  }

  /// Queues the runs that are linked by [Job#nextRun] from `first` to `last`.
  ///
  /// Returns false, with nothing queued, if there is no thread and none can be started.
  boolean execute(J first, J last, int runs) {
    lock.lock();
    try {
      assert !stopping : "work after the stop";
      if (!startThreads(queuedRuns + runs - idle)) {
        return false;
      }
      if (tail == null) {
        head = first;
      } else {
        tail.nextRun = first;
      }
      tail = last;
      queuedRuns += runs;
      for (int i = Math.min(runs, idle); i > 0; i--) {
        workThere.signal();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Lets the threads end when the queue is empty.
  void stop() {
    lock.lock();
    try {
      stopping = true;
      workThere.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for the end of all threads after [#stop]. An interrupt of the caller is kept for later.
  void join() {
    List<Thread> ending;
    lock.lock();
    try {
      ending = List.copyOf(threads);
    } finally {
      lock.unlock();
    }
    join(ending);
  }

  /// Waits for the end of threads. An interrupt of the caller is kept for later.
  static void join(List<Thread> ending) {
    boolean interrupted = false;
    for (Thread thread : ending) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  int threadCount() {
    lock.lock();
    try {
      return threads.size();
    } finally {
      lock.unlock();
    }
  }

  private boolean startThreads(int wanted) {
    int count = Math.min(wanted, threadsMax - threads.size());
    for (int i = 0; i < count; i++) {
      Thread thread =
          Thread.ofPlatform()
              .name(name + "-" + threads.size())
              .daemon()
              .inheritInheritableThreadLocals(false)
              .unstarted(this::runThread);
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        // "unable to create native thread": fewer threads do the same work, later.
        return !threads.isEmpty();
      }
      threads.add(thread);
    }
    return true;
  }

  private void runThread() {
    J run = take();
    while (run != null) {
      work.accept(run);
      run = take();
    }
  }

  /// The first job of the oldest run; null when the pool has stopped.
  private @Nullable J take() {
    lock.lock();
    try {
      while (head == null && !stopping) {
        idle++;
        workThere.awaitUninterruptibly();
        idle--;
      }
      J first = head;
      if (first != null) {
        head = first.nextRun;
        first.nextRun = null;
        if (head == null) {
          tail = null;
        }
        queuedRuns--;
      }
      return first;
    } finally {
      lock.unlock();
      Thread.interrupted();
    }
  }
}
