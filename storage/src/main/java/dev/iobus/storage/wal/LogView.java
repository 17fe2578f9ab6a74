package dev.iobus.storage.wal;

import dev.iobus.Scheduler;

/// What a reader may know of an open log. Thread-safe.
final class LogView {

  // Constant after construction.
  private final String log;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;
  private final LiveSegments live;
  private final LogProgress progress;
  private final boolean direct;

  private volatile boolean closed;

  /// @param direct how the log's files are written
  LogView(
      String log,
      Scheduler scheduler,
      Scheduler.Lock lock,
      LiveSegments live,
      LogProgress progress,
      boolean direct) {
    this.log = log;
    this.scheduler = scheduler;
    this.lock = lock;
    this.live = live;
    this.progress = progress;
    this.direct = direct;
  }

  boolean isDirect() {
    return direct;
  }

  long reached(Durability durability) {
    return progress.reached(durability);
  }

  long awaitBeyond(long lsn, Durability durability, long deadlineNanos) {
    return progress.awaitBeyond(lsn, durability, deadlineNanos);
  }

  long deadline(long nanos) {
    long deadline = scheduler.nanoTime() + nanos;
    boolean forever = nanos == Long.MAX_VALUE || (deadline < 0 && nanos > 0);
    return forever ? Long.MAX_VALUE : deadline;
  }

  /// Where that segment ends; [Long#MAX_VALUE] while it is written.
  long endOf(WalSegment segment) {
    lock.lock();
    try {
      return segment.endLsn();
    } finally {
      lock.unlock();
    }
  }

  /// The segment that holds that byte.
  WalSegment segmentAt(long lsn) throws WalReleasedException {
    lock.lock();
    try {
      WalSegment segment = live.at(lsn);
      if (segment == null) {
        throw released(lsn);
      }
      return segment;
    } finally {
      lock.unlock();
    }
  }

  void requireHeld(long lsn) throws WalReleasedException {
    lock.lock();
    try {
      if (lsn < live.firstLsn()) {
        throw released(lsn);
      }
    } finally {
      lock.unlock();
    }
  }

  private WalReleasedException released(long lsn) {
    return new WalReleasedException(log, lsn, live.firstLsn());
  }

  long firstLsn() {
    lock.lock();
    try {
      return live.firstLsn();
    } finally {
      lock.unlock();
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the log " + log + " is closed");
    }
  }

  /// Refuses readers from now on.
  void close() {
    closed = true;
  }
}
