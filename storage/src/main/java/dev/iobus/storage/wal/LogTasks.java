package dev.iobus.storage.wal;

import dev.iobus.Scheduler;

/// The log's own tasks, and its end, which waits for them. Thread-safe where it does not say that
/// it needs the lock.
final class LogTasks {

  // Constant after construction.
  private final String log;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition ended;
  private final AckTask acks;

  private volatile boolean hasAckTask;

  // Guarded by the lock.
  private int running;
  private boolean closing;
  private boolean closed;

  LogTasks(String log, Scheduler scheduler, Scheduler.Lock lock, AckTask acks) {
    this.log = log;
    this.scheduler = scheduler;
    this.lock = lock;
    this.ended = lock.newCondition();
    this.acks = acks;
  }

  /// Starts a task of the log.
  ///
  /// @throws Error when the host gives no thread for it; as if it had not been called then
  void start(String name, Runnable body) {
    lock.lock();
    try {
      run(name, body);
    } finally {
      lock.unlock();
    }
  }

  /// Needs the lock, so that a task that runs is counted.
  private void run(String name, Runnable body) {
    scheduler.start(
        name,
        () -> {
          try {
            body.run();
          } finally {
            lock.lock();
            running--;
            ended.signalAll();
            lock.unlock();
          }
        });
    running++;
  }

  /// Starts the task of the callbacks, once.
  ///
  /// @throws Error when the host gives no thread for it; the next call tries again
  void requireAckTask(GroupCommit commit) {
    if (hasAckTask) {
      return;
    }
    lock.lock();
    try {
      requireNotClosing();
      if (!hasAckTask) {
        run("wal-acks", () -> acks.run(commit, scheduler.currentTask()));
        hasAckTask = true;
      }
    } finally {
      lock.unlock();
    }
  }

  void requireOpen() {
    lock.lock();
    try {
      requireNotClosing();
    } finally {
      lock.unlock();
    }
  }

  private void requireNotClosing() {
    if (closing) {
      throw new IllegalStateException("the log " + log + " is closed");
    }
  }

  /// Whether the caller is to close the log; who is not waits until it is closed.
  boolean beginClose() {
    Scheduler.Task self = scheduler.currentTask();
    lock.lock();
    try {
      if (acks.isTask(self)) {
        throw new IllegalStateException(
            "a callback cannot close its log, which waits for all callbacks: use another task");
      }
      while (closing && !closed) {
        ended.await();
      }
      if (closed) {
        return false;
      }
      closing = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until no task runs; whoever serves them was told to stop. Needs the lock.
  void awaitEnd() {
    while (running > 0) {
      ended.await();
    }
  }

  /// The log is closed.
  void closed() {
    lock.lock();
    closed = true;
    ended.signalAll();
    lock.unlock();
  }
}
