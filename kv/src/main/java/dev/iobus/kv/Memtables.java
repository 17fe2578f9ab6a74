package dev.iobus.kv;

import dev.iobus.Scheduler;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The memtable that takes the writes, and those that wait to become tables. Thread-safe.
final class Memtables {

  /// Sealed memtables at a time; a writer that would make more waits for a flush.
  static final int SEALED_MAX = 2;

  /// How long a writer waits for memory that readers hold before it gives up, in nanoseconds.
  private static final long MEMORY_WAIT_NANOS = 5_000_000_000L;

  private final StoreState state;
  private final Views views;
  private final MemoryBudget.Account account;
  private final long capacityBytes;

  /// The commit lock: sequence, log place and memtable are taken together under it.
  final Scheduler.Lock commitLock;

  /// Guarded by the commit lock; changed under the state's lock too, so either is enough to read.
  private LoggedMemtable active;

  // Guarded by the state's lock.

  /// Oldest first.
  private final List<LoggedMemtable> sealed = new ArrayList<>();

  /// Whether a task is making the next memtable.
  private boolean switching;

  private long waitNanos;

  /// @param account where memtables take their memory; its floor holds the memtables that may exist
  ///     at one time
  /// @param active what recovery left
  Memtables(
      StoreState state,
      Views views,
      MemoryBudget.Account account,
      long capacityBytes,
      LoggedMemtable active) {
    this.state = state;
    this.views = views;
    this.account = account;
    this.capacityBytes = capacityBytes;
    this.commitLock = state.scheduler.newLock();
    this.active = active;
  }

  /// What the memtables of a store of those sizes may take together.
  static long floorBytes(long capacityBytes, long batchBytesMax) {
    return capacityBytes
        + Math.max(SEALED_MAX * capacityBytes, Memtable.capacityFor(batchBytesMax));
  }

  /// The memtable that takes the writes. Needs the commit lock or the state's.
  LoggedMemtable active() {
    return active;
  }

  /// All memtables, newest first. Needs the state's lock.
  List<LoggedMemtable> newestFirst() {
    List<LoggedMemtable> all = new ArrayList<>(sealed.size() + 1);
    all.add(active);
    all.addAll(sealed.reversed());
    return List.copyOf(all);
  }

  /// The oldest sealed memtable that nobody writes to any more, or null. Needs the state's lock.
  @Nullable LoggedMemtable nextToFlush() {
    return sealed.isEmpty() || sealed.getFirst().hasWriters() ? null : sealed.getFirst();
  }

  /// The newest memtable that holds anything and is in no table yet, or null. Needs the state's
  /// lock.
  @Nullable LoggedMemtable newestToFlush() {
    commitLock.lock();
    try {
      if (!active.isEmpty()) {
        return active;
      }
    } finally {
      commitLock.unlock();
    }
    return sealed.isEmpty() ? null : sealed.getLast();
  }

  /// Whether a memtable waits to become a table. Needs the state's lock.
  boolean isSealed(LoggedMemtable memtable) {
    return sealed.contains(memtable);
  }

  /// Forgets the oldest sealed memtable, whose entries are in a table now. Needs the state's lock.
  void flushed(LoggedMemtable memtable) {
    LoggedMemtable oldest = sealed.removeFirst();
    assert oldest == memtable : "memtables must become tables in order";
  }

  /// Seals the active memtable `full` and puts an empty one in its place that has room for
  /// `bytes`; nothing when another task has done so. Waits while too many wait to become tables.
  /// Needs no lock.
  ///
  /// @throws StoreFailedException when the store fails meanwhile
  /// @throws IllegalStateException when it is closed meanwhile
  /// @throws IOException when there is no memory for it, because readers hold it all, or when the
  ///     flush that it waits for has found none for long
  void replace(LoggedMemtable full, long bytes) throws IOException {
    long since = state.scheduler.nanoTime();
    state.lock.lock();
    try {
      long deadline = Long.MAX_VALUE;
      while (active == full) {
        state.requireWritable();
        if (switching || sealed.size() >= SEALED_MAX) {
          state.flushShortage.requireHope();
          state.changed.await();
          continue;
        }
        if (switchFrom(full, bytes)) {
          return;
        }
        state.flushShortage.requireHope();
        long now = state.scheduler.nanoTime();
        deadline = sealed.isEmpty() ? Math.min(deadline, now + MEMORY_WAIT_NANOS) : Long.MAX_VALUE;
        if (now >= deadline) {
          throw new IOException(
              "no memory for a memtable of "
                  + Math.max(capacityBytes, bytes)
                  + " bytes: open cursors, leases or other parts hold it; "
                  + account);
        }
        state.changed.awaitUntil(Math.min(deadline, now + MEMORY_WAIT_NANOS / 50));
      }
    } finally {
      waitNanos += state.scheduler.nanoTime() - since;
      state.lock.unlock();
    }
  }

  /// Time in which callers waited for an empty memtable, summed over them.
  long waitNanos() {
    state.lock.lock();
    try {
      return waitNanos;
    } finally {
      state.lock.unlock();
    }
  }

  /// Makes the next memtable without the lock, because that takes milliseconds.
  private boolean switchFrom(LoggedMemtable full, long bytes) {
    switching = true;
    state.lock.unlock();
    Memtable fresh = null;
    try {
      fresh = Memtable.create(account, Math.max(capacityBytes, Memtable.capacityFor(bytes)));
    } finally {
      state.lock.lock();
      switching = false;
      state.changed.signalAll();
    }
    if (fresh == null) {
      return false;
    }
    if (state.isClosing()) {
      fresh.close();
      throw state.closed();
    }
    LoggedMemtable next = new LoggedMemtable(fresh);
    // Readers look into the new memtable before the first write can go there.
    List<LoggedMemtable> all = new ArrayList<>(sealed.size() + 2);
    all.add(next);
    all.addAll(newestFirst());
    ReadView before = views.install(List.copyOf(all), views.current().version());
    commitLock.lock();
    try {
      full.memtable.seal();
      active = next;
    } finally {
      commitLock.unlock();
    }
    sealed.add(full);
    state.changed.signalAll();
    if (before != null) {
      state.lock.unlock();
      try {
        before.release();
      } finally {
        state.lock.lock();
      }
    }
    return true;
  }

  /// Bytes that entries take.
  long bytes() {
    state.lock.lock();
    try {
      long sum = active.memtable.bytes();
      for (LoggedMemtable memtable : sealed) {
        sum += memtable.memtable.bytes();
      }
      return sum;
    } finally {
      state.lock.unlock();
    }
  }

  /// Gives up all memtables. Needs the state's lock; nobody writes any more.
  void close() {
    active.memtable.close();
    for (LoggedMemtable memtable : sealed) {
      memtable.memtable.close();
    }
    sealed.clear();
  }
}
