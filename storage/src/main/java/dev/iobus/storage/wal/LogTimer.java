package dev.iobus.storage.wal;

import dev.iobus.Scheduler;

/// What the log does when nobody waits for it: it writes buffered records within 10 ms, and one
/// mark when it has been idle for 100 ms. Deadlines are guarded by the log's lock.
final class LogTimer {

  static final long BUFFERED_NANOS = 10_000_000;
  static final long IDLE_NANOS = 100_000_000;

  private static final long NEVER = Long.MAX_VALUE;
  private static final long AT_ONCE = Long.MIN_VALUE;

  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition armed;

  // Guarded by the lock; buffered is also read by those who need not arm it again.
  private volatile boolean buffered;
  private long bufferedDeadline = NEVER;
  private boolean idle;
  private long idleDeadline = NEVER;
  private long markedTo;
  private boolean stopped;

  /// @param start LSN at which the epoch begins: its header is a mark
  LogTimer(Scheduler scheduler, Scheduler.Lock lock, long start) {
    this.scheduler = scheduler;
    this.lock = lock;
    this.armed = lock.newCondition();
    this.markedTo = start;
  }

  /// Whether a write of everything reserved so far is due within 10 ms.
  boolean isBufferedArmed() {
    return buffered;
  }

  /// Asks for such a write. Needs the lock.
  void armBuffered(long now) {
    if (!buffered) {
      bufferedDeadline = now + BUFFERED_NANOS;
      buffered = true;
      armed.signal();
    }
  }

  /// Asks for that write at once: the buffer is half full. Needs the lock.
  void hurry() {
    if (buffered && bufferedDeadline != AT_ONCE) {
      bufferedDeadline = AT_ONCE;
      armed.signal();
    }
  }

  /// Takes note of a write. Needs the lock.
  void wrote(long now, long durable) {
    idleDeadline = now + IDLE_NANOS;
    if (!idle && durable > markedTo) {
      idle = true;
      armed.signal();
    }
  }

  /// Takes note of a mark that ends at `lsn`. Needs the lock.
  void marked(long lsn) {
    markedTo = lsn;
  }

  /// Serves the log until [#stop()]. The body of the log's background task.
  void run(GroupCommit commit) {
    lock.lock();
    try {
      while (!stopped) {
        long now = scheduler.nanoTime();
        if (buffered && now >= bufferedDeadline) {
          // Cleared first: whoever reserves from now on arms it again.
          buffered = false;
          lock.unlock();
          try {
            commit.writeBuffered();
          } finally {
            lock.lock();
          }
        } else if (idle && now >= idleDeadline) {
          idle = false;
          lock.unlock();
          try {
            commit.writeMark(false);
          } finally {
            lock.lock();
          }
        } else {
          sleep();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void sleep() {
    long deadline = buffered ? bufferedDeadline : NEVER;
    if (idle) {
      deadline = Math.min(deadline, idleDeadline);
    }
    if (deadline == NEVER) {
      armed.await();
    } else {
      armed.awaitUntil(deadline);
    }
  }

  /// Ends [#run]. Needs the lock.
  void stop() {
    stopped = true;
    armed.signalAll();
  }
}
