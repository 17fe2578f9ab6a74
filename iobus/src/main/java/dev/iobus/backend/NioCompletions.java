package dev.iobus.backend;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The completion queue of the NIO backend: whoever ends a request adds, one reaper waits and takes.
///
/// Two preallocated buffers change places at each take, so that the reaper passes completions on
/// without a lock. As the backend's caller keeps at most `capacity` requests in flight, neither
/// buffer can overflow.
///
/// Thread-safe; [#await] and [#drain] are for one thread at a time.
final class NioCompletions {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private Buffer filling;
  private int wanted = Integer.MAX_VALUE;

  /// Written under the lock; read without it by [#wakeup].
  private volatile boolean woken;

  // Owned by the reaper.
  private Buffer draining;
  private int drained;

  private static final class Buffer {
    final long[] userData;
    final int[] results;
    final int[] flags;
    int count;

    Buffer(int capacity) {
      userData = new long[capacity];
      results = new int[capacity];
      flags = new int[capacity];
    }
  }

  NioCompletions(int capacity) {
    filling = new Buffer(capacity);
    draining = new Buffer(capacity);
  }

  void add(long userData, int result, int flags) {
    lock.lock();
    try {
      int index = filling.count;
      filling.userData[index] = userData;
      filling.results[index] = result;
      filling.flags[index] = flags;
      filling.count = index + 1;
      if (filling.count >= wanted) {
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  void wakeup() {
    // Whoever changed something before it woke the reaper must be seen by the wait that takes
    // this wake-up, also when an earlier one is still pending.
    VarHandle.fullFence();
    if (woken) {
      return;
    }
    lock.lock();
    try {
      woken = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /// The wait of [Backend#await]. An interrupt does not end it, and is kept for the caller.
  int await(int minimum, long timeoutNanos, CompletionSink sink) {
    int enough = minimum - (draining.count - drained);
    boolean forever = timeoutNanos == Long.MAX_VALUE;
    long start = forever || timeoutNanos <= 0 ? 0 : System.nanoTime();
    long left = timeoutNanos;
    boolean interrupted = false;
    lock.lock();
    try {
      wanted = enough;
      while (filling.count < enough && !woken && left > 0) {
        try {
          if (forever) {
            changed.await();
          } else {
            changed.awaitNanos(left);
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
        if (!forever) {
          left = timeoutNanos - (System.nanoTime() - start);
        }
      }
      wanted = Integer.MAX_VALUE;
      woken = false;
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return drain(sink);
  }

  /// Passes on what is there. When the sink throws, the rest is kept for the next call.
  int drain(CompletionSink sink) {
    int passed = drainOne(sink);
    lock.lock();
    try {
      if (filling.count == 0) {
        return passed;
      }
      Buffer full = filling;
      filling = draining;
      draining = full;
    } finally {
      lock.unlock();
    }
    return passed + drainOne(sink);
  }

  /// Empties the reaper's buffer.
  private int drainOne(CompletionSink sink) {
    Buffer buffer = draining;
    int passed = 0;
    while (drained < buffer.count) {
      int index = drained++;
      sink.complete(buffer.userData[index], buffer.results[index], buffer.flags[index]);
      passed++;
    }
    buffer.count = 0;
    drained = 0;
    return passed;
  }
}
