package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// The reads that run, so that callers who miss one block at the same time share one of them.
///
/// The caller whose load was registered ends it, whatever happens: with [#complete], [#fail] or
/// [#withdraw]. It never waits for another load before that. Thread-safe.
final class BlockLoads {

  private static final int STRIPES = 16;

  private final ConcurrentMap<Key, BlockLoad> running = new ConcurrentHashMap<>();

  private final Scheduler.Lock[] locks = new Scheduler.Lock[STRIPES];
  private final Scheduler.Condition[] ended = new Scheduler.Condition[STRIPES];

  BlockLoads(Scheduler scheduler) {
    for (int i = 0; i < STRIPES; i++) {
      locks[i] = scheduler.newLock();
      ended[i] = locks[i].newCondition();
    }
  }

  /// Registers a load and returns null, or returns the one of the same block that runs.
  @Nullable BlockLoad register(BlockLoad load) {
    return running.putIfAbsent(load.key, load);
  }

  /// Ends a sealed load whose result has one pin for the loader and one for each that joined.
  void complete(BlockLoad load, BlockMemory memory) {
    end(load, memory, null);
  }

  /// Ends a load with the error that all who wait for it get.
  void fail(BlockLoad load, Throwable failure) {
    end(load, null, failure);
  }

  /// Ends a load without a result: who waits for it looks again.
  void withdraw(BlockLoad load) {
    end(load, null, null);
  }

  private void end(BlockLoad load, @Nullable BlockMemory memory, @Nullable Throwable failure) {
    running.remove(load.key, load);
    if (!load.end(memory, failure)) {
      return;
    }
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      ended[stripe].signalAll();
    } finally {
      locks[stripe].unlock();
    }
  }

  /// Waits for the end of a load.
  void await(BlockLoad load) {
    if (load.isEnded()) {
      return;
    }
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      // Noted under the lock, looked after: who ends the load sees the note and takes the lock, or
      // is seen here.
      load.awaitEnd();
      while (!load.isEnded()) {
        ended[stripe].await();
      }
    } finally {
      locks[stripe].unlock();
    }
  }

  private static int stripe(BlockLoad load) {
    return load.key.hashCode() & STRIPES - 1;
  }

  /// The block of a load.
  record Key(long fileId, long offset) {
    @Override
    public int hashCode() {
      return (int) (FrameTable.hash(fileId, offset) >>> 32);
    }
  }
}
