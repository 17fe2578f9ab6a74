package dev.iobus.backend;

import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The completion queue of the NIO backend: whoever ends a request adds, one reaper waits and takes.
///
/// Thread-safe; [#await] and [#drain] are for one thread at a time.
final class NioCompletions {

  private final CompletionBuffers buffers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private int wanted = Integer.MAX_VALUE;

  /// Written under the lock; read without it by [#wakeup].
  private volatile boolean woken;

  NioCompletions(int capacity) {
    buffers = new CompletionBuffers(capacity);
  }

  void add(long userData, int result, int flags) {
    lock.lock();
    try {
      buffers.add(userData, result, flags);
      if (buffers.added() >= wanted) {
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
    int enough = minimum - buffers.undrained();
    boolean forever = timeoutNanos == Long.MAX_VALUE;
    long start = forever || timeoutNanos <= 0 ? 0 : System.nanoTime();
    long left = timeoutNanos;
    boolean interrupted = false;
    lock.lock();
    try {
      wanted = enough;
      while (buffers.added() < enough && !woken && left > 0) {
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
    int passed = buffers.drain(sink);
    lock.lock();
    try {
      if (buffers.added() == 0) {
        return passed;
      }
      buffers.exchange();
    } finally {
      lock.unlock();
    }
    return passed + buffers.drain(sink);
  }
}
