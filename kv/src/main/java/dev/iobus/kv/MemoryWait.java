package dev.iobus.kv;

import dev.iobus.storage.memory.MemoryLimitException;
import org.jspecify.annotations.Nullable;

/// How the flush or the compaction goes on that found no memory: it tries again, soon at first and
/// less often later, for as long as the store is open. That is no failure of the store, because the
/// memory may come back when readers let go of it. But who waits for the work is told once it has
/// lasted for [#PATIENCE_NANOS], and so is the log. Thread-safe; one task at a time waits.
final class MemoryWait {

  /// How long others wait for work that finds no memory before they are refused, in nanoseconds.
  static final long PATIENCE_NANOS = 30_000_000_000L;

  /// Between two attempts, in nanoseconds: a part of the time that was waited, within bounds. Each
  /// may write a whole table before it finds no memory again.
  private static final long PAUSE_MIN_NANOS = 20_000_000;

  private static final long PAUSE_MAX_NANOS = 1_000_000_000;
  private static final int PAUSE_PART = 4;

  private final StoreState state;
  private final String work;

  // Guarded by the state's lock; the shortage and the count are read without it too.
  private boolean waiting;
  private long since;
  private volatile long count;
  private volatile @Nullable MemoryLimitException shortage;

  /// @param work what finds no memory, for messages
  MemoryWait(StoreState state, String work) {
    this.state = state;
    this.work = work;
  }

  /// Waits before the next attempt. Returns false when there is to be none, because the store
  /// closes or has failed. Needs no lock.
  boolean await(MemoryLimitException cause) {
    long now = state.scheduler.nanoTime();
    boolean isNew;
    state.lock.lock();
    try {
      if (!waiting) {
        waiting = true;
        since = now;
      }
      count = count + 1;
      isNew = shortage == null && now - since >= PATIENCE_NANOS;
      if (isNew) {
        shortage = cause;
        state.changed.signalAll();
      }
      long until = now + Math.clamp((now - since) / PAUSE_PART, PAUSE_MIN_NANOS, PAUSE_MAX_NANOS);
      while (mayGoOn() && state.scheduler.nanoTime() - until < 0) {
        // Others signal all the time; an attempt costs too much for each of that.
        state.changed.awaitUntil(until);
      }
    } finally {
      state.lock.unlock();
    }
    if (isNew) {
      System.getLogger("dev.iobus.kv").log(System.Logger.Level.WARNING, message(cause));
    }
    return mayGoOn();
  }

  /// How often the work found no memory.
  long count() {
    return count;
  }

  /// Says that the work got its memory. Needs no lock.
  void over() {
    state.lock.lock();
    try {
      waiting = false;
      shortage = null;
    } finally {
      state.lock.unlock();
    }
  }

  /// @throws MemoryLimitException when the work has found no memory for so long that nobody should
  ///     wait for it
  void requireHope() throws MemoryLimitException {
    MemoryLimitException cause = shortage;
    if (cause != null) {
      throw new MemoryLimitException(message(cause), cause);
    }
  }

  private boolean mayGoOn() {
    return !state.isClosing() && state.failure() == null;
  }

  private String message(MemoryLimitException cause) {
    return "store " + state.name() + ": a " + work + " has found no memory for "
        + PATIENCE_NANOS / 1_000_000_000 + " s and is tried again: " + cause.getMessage();
  }
}
