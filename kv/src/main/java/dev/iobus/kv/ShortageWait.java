package dev.iobus.kv;

import dev.iobus.BusException;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// How the flush or the compaction goes on that found no memory, or no room on the disk: it tries
/// again, soon at first and less often later, for as long as the store is open. That is no failure of
/// the store: memory comes back when readers let go of it, room when somebody deletes files, and what
/// was written of a table counts for nothing. But who waits for the work is told once it has lasted
/// for long, and so is the log. Thread-safe; one task at a time waits.
final class ShortageWait {

  /// How long others wait for work that finds no memory before they are refused, in nanoseconds.
  static final long MEMORY_PATIENCE_NANOS = 30_000_000_000L;

  /// The same for room on the disk, which nobody is about to give back.
  static final long DISK_PATIENCE_NANOS = 1_000_000_000;

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
  private volatile long memoryCount;
  private volatile @Nullable IOException shortage;

  /// @param work what finds no memory or room, for messages
  ShortageWait(StoreState state, String work) {
    this.state = state;
    this.work = work;
  }

  /// Whether what a table was not written for may pass: a lack of memory, or of room on the disk. A
  /// file that could not be written whole is deleted, so that a failed sync of it means nothing.
  static boolean isShortage(IOException cause) {
    return cause instanceof MemoryLimitException
        || (cause instanceof BusException refusal
            && (refusal.errnoName().equals("ENOSPC") || refusal.errnoName().equals("EDQUOT")));
  }

  /// Waits before the next attempt. Returns false when there is to be none, because the store
  /// closes or has failed. Needs no lock.
  ///
  /// @param cause a shortage
  boolean await(IOException cause) {
    long now = state.scheduler.nanoTime();
    boolean isNew;
    state.lock.lock();
    try {
      if (!waiting) {
        waiting = true;
        since = now;
      }
      if (cause instanceof MemoryLimitException) {
        memoryCount = memoryCount + 1;
      }
      isNew = shortage == null && now - since >= patience(cause);
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

  private static long patience(IOException cause) {
    return cause instanceof MemoryLimitException ? MEMORY_PATIENCE_NANOS : DISK_PATIENCE_NANOS;
  }

  /// How often the work found no memory.
  long memoryCount() {
    return memoryCount;
  }

  /// Says that the work was done. Needs no lock.
  void over() {
    state.lock.lock();
    try {
      waiting = false;
      shortage = null;
    } finally {
      state.lock.unlock();
    }
  }

  /// @throws IOException when the work has found no memory, which is a [MemoryLimitException], or no
  ///     room for so long that nobody should wait for it
  void requireHope() throws IOException {
    switch (shortage) {
      case null -> {}
      case MemoryLimitException cause -> throw new MemoryLimitException(message(cause), cause);
      case IOException cause -> throw new IOException(message(cause), cause);
    }
  }

  private boolean mayGoOn() {
    return !state.isClosing() && state.failure() == null;
  }

  private String message(IOException cause) {
    String lacks = cause instanceof MemoryLimitException ? "memory" : "room on the disk";
    return "store " + state.name() + ": a " + work + " has found no " + lacks + " for "
        + patience(cause) / 1_000_000_000 + " s and is tried again: " + cause.getMessage();
  }
}
