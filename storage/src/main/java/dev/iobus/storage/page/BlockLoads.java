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
    return running.putIfAbsent(key(load), load);
  }

  /// Joins a load that another caller runs, to get a pin of its result from [#await]. False when
  /// it is about to end: then wait for the end and look again.
  boolean join(BlockLoad load) {
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      if (load.sealed) {
        return false;
      }
      load.waiters++;
      return true;
    } finally {
      locks[stripe].unlock();
    }
  }

  /// Lets nobody join any more and returns how many have; by the loader, before it publishes.
  int seal(BlockLoad load) {
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      load.sealed = true;
      return load.waiters;
    } finally {
      locks[stripe].unlock();
    }
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
    running.remove(key(load), load);
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      assert !load.done : "a load ended twice";
      assert memory == null || load.sealed : "a load completed before it was sealed";
      load.sealed = true;
      load.memory = memory;
      load.failure = failure;
      load.done = true;
      ended[stripe].signalAll();
    } finally {
      locks[stripe].unlock();
    }
  }

  boolean isDone(BlockLoad load) {
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      return load.done;
    } finally {
      locks[stripe].unlock();
    }
  }

  /// Waits for the end of a load; its result can be read without the lock from then on.
  void await(BlockLoad load) {
    int stripe = stripe(load);
    locks[stripe].lock();
    try {
      while (!load.done) {
        ended[stripe].await();
      }
    } finally {
      locks[stripe].unlock();
    }
  }

  private static Key key(BlockLoad load) {
    return new Key(load.file().fileId(), load.offset());
  }

  private static int stripe(BlockLoad load) {
    return key(load).hashCode() & STRIPES - 1;
  }

  private record Key(long fileId, long offset) {
    @Override
    public int hashCode() {
      return (int) (((fileId ^ (offset >>> 12)) * 0x9E3779B97F4A7C15L) >>> 32);
    }
  }
}
