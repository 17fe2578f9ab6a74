package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// How far the log has come, and who follows it as it grows. Written under the log's lock, read by
/// anybody. Who sleeps until it has grown reads it under the lock first: so it need not be seen at
/// once by those who read it without.
///
/// Everything below the tail is reserved; of that a prefix is written, and of that one durable.
final class LogProgress {

  private static final VarHandle TAIL;
  private static final VarHandle WRITTEN;
  private static final VarHandle DURABLE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      TAIL = lookup.findVarHandle(LogProgress.class, "tail", long.class);
      WRITTEN = lookup.findVarHandle(LogProgress.class, "written", long.class);
      DURABLE = lookup.findVarHandle(LogProgress.class, "durable", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // Constant after construction.
  private final Scheduler.Lock lock;
  private final Scheduler.Condition grown;
  private final LogState state;

  private volatile long tail;
  private volatile long written;
  private volatile long durable;

  /// Tasks that wait for the log to grow; guarded by the lock.
  private int followers;

  /// @param start LSN at which the epoch begins; everything below is durable
  LogProgress(Scheduler.Lock lock, LogState state, long start) {
    this.lock = lock;
    this.grown = lock.newCondition();
    this.state = state;
    this.tail = start;
    this.written = start;
    this.durable = start;
  }

  long tail() {
    return tail;
  }

  long written() {
    return written;
  }

  long durable() {
    return durable;
  }

  /// How far the log has that durability; `BUFFERED` counts as `WRITTEN`.
  long reached(Durability durability) {
    return durability == Durability.SYNCED ? durable : written;
  }

  /// Refuses an LSN that was not given out.
  void requireWithin(long lsn) {
    long end = tail;
    if (lsn < 0 || lsn > end) {
      throw new IllegalArgumentException("LSN " + lsn + " is not in 0 to the tail " + end);
    }
  }

  /// A record was reserved that ends at `lsn`. Needs the lock.
  void reserved(long lsn) {
    TAIL.setRelease(this, lsn);
  }

  /// Everything below `writtenTo` is written, and below `durableTo` durable. Needs the lock.
  void advance(long writtenTo, long durableTo) {
    assert writtenTo >= written : "written backwards";
    assert durableTo >= durable : "durable backwards";
    WRITTEN.setRelease(this, writtenTo);
    DURABLE.setRelease(this, durableTo);
    if (followers > 0) {
      grown.signalAll();
    }
  }

  /// The log is closed or has failed: nobody waits any more. Needs the lock.
  void ended() {
    grown.signalAll();
  }

  /// Waits until the log has more behind `lsn` with that durability, at most until the deadline,
  /// and not when the log is closed or has failed. Returns how far it has it.
  long awaitBeyond(long lsn, Durability durability, long deadlineNanos) {
    lock.lock();
    followers++;
    try {
      boolean inTime = true;
      while (inTime && reached(durability) <= lsn && !state.hasFailed() && !state.isClosed()) {
        if (deadlineNanos == Long.MAX_VALUE) {
          grown.await();
        } else {
          inTime = grown.awaitUntil(deadlineNanos);
        }
      }
      return reached(durability);
    } finally {
      followers--;
      lock.unlock();
    }
  }
}
