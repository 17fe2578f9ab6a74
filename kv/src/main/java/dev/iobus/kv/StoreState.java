package dev.iobus.kv;

import dev.iobus.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What all tasks of a store share: the lock over its structure, its life, and its first failure.
/// Thread-safe.
///
/// Locks are taken in this order: the edit lock of the version set, [#lock], the commit lock.
final class StoreState {

  private enum Life {
    OPEN,
    CLOSING
  }

  /// Added to [#writers] when the store closes, so that one word tells both.
  private static final int CLOSED = 1 << 30;

  final Scheduler scheduler;

  /// Guards which memtables, versions, views and snapshots there are.
  final Scheduler.Lock lock;

  /// Signalled to all whenever anything under [#lock] changes that somebody may wait for.
  final Scheduler.Condition changed;

  /// Tells who waits for a flush, and who for a compaction, that these find no memory, or no room.
  final ShortageWait flushShortage = new ShortageWait(this, "flush");

  final ShortageWait compactionShortage = new ShortageWait(this, "compaction");

  private final String name;

  /// Calls of writers that are inside the store, plus [#CLOSED].
  private final AtomicInteger writers = new AtomicInteger();

  /// Run once at the first failure, to wake whoever waits outside of [#changed]. Guarded by lock.
  private final List<Runnable> wakeups = new ArrayList<>();

  private volatile Life life = Life.OPEN;
  private volatile @Nullable Throwable failure;

  /// @param name the store's path, for messages
  StoreState(Scheduler scheduler, String name) {
    this.scheduler = scheduler;
    this.name = name;
    this.lock = scheduler.newLock();
    this.changed = lock.newCondition();
  }

  String name() {
    return name;
  }

  /// Lets a task in that changes the store, until [#exitWriter].
  ///
  /// @throws IllegalStateException when the store is closed
  /// @throws StoreFailedException when it has failed
  void enterWriter() throws StoreFailedException {
    if (writers.incrementAndGet() >= CLOSED) {
      exitWriter();
      throw closed();
    }
    Throwable cause = failure;
    if (cause != null) {
      exitWriter();
      throw refused(cause);
    }
  }

  void exitWriter() {
    if (writers.decrementAndGet() == CLOSED) {
      signalAll();
    }
  }

  boolean isClosing() {
    return life == Life.CLOSING;
  }

  /// Begins the end; false when it had begun before. New writers are refused from now on.
  boolean close() {
    lock.lock();
    try {
      if (life == Life.CLOSING) {
        return false;
      }
      life = Life.CLOSING;
      writers.addAndGet(CLOSED);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until the last writer has left. Needs [#lock], after [#close()].
  void awaitWriters() {
    while (writers.get() != CLOSED) {
      changed.await();
    }
  }

  IllegalStateException closed() {
    return new IllegalStateException("store " + name + " is closed");
  }

  void requireOpen() {
    if (life == Life.CLOSING) {
      throw closed();
    }
  }

  /// @throws StoreFailedException when the store has failed
  /// @throws IllegalStateException when it is closed
  void requireWritable() throws StoreFailedException {
    requireOpen();
    Throwable cause = failure;
    if (cause != null) {
      throw refused(cause);
    }
  }

  @Nullable Throwable failure() {
    return failure;
  }

  StoreFailedException refused(Throwable cause) {
    return new StoreFailedException(
        "store " + name + " takes no writes until it is opened again", cause);
  }

  /// Keeps the first failure and wakes everybody who waits. Returns what the caller is to throw.
  StoreFailedException fail(Throwable cause) {
    List<Runnable> toWake = List.of();
    lock.lock();
    try {
      if (failure == null) {
        failure = cause;
        toWake = List.copyOf(wakeups);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    for (Runnable wakeup : toWake) {
      wakeup.run();
    }
    Throwable first = failure;
    assert first != null : "a failure was just kept";
    return refused(first);
  }

  /// @param wakeup run after the first failure, without locks
  void onFailure(Runnable wakeup) {
    lock.lock();
    try {
      wakeups.add(wakeup);
    } finally {
      lock.unlock();
    }
  }

  void signalAll() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
