package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/// The completion queue of the kqueue backend: any thread adds, one reaper waits in the kernel's
/// queue and takes. The reaper is triggered only if it waits for as much as there is.
///
/// Thread-safe; [#mustWait], [#endWait] and [#drain] are for one thread at a time.
final class KqueueCompletions {

  private static final int NOBODY_WAITS = Integer.MAX_VALUE;

  private final Kqueue queue;
  private final CompletionBuffers buffers;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private int wanted = NOBODY_WAITS;

  /// Written under the lock; read without it by [#wakeup].
  private volatile boolean woken;

  /// @param capacity completions that can be there at one time
  KqueueCompletions(Kqueue queue, int capacity) {
    this.queue = queue;
    buffers = new CompletionBuffers(capacity);
  }

  void add(long userData, int result, int flags) {
    boolean enough;
    lock.lock();
    try {
      buffers.add(userData, result, flags);
      enough = buffers.added() >= wanted;
      if (enough) {
        wanted = NOBODY_WAITS;
      }
    } finally {
      lock.unlock();
    }
    if (enough) {
      queue.trigger();
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
    } finally {
      lock.unlock();
    }
    queue.trigger();
  }

  /// Whether the reaper must wait for `minimum` completions to be there. After a true it has asked
  /// to be triggered when they are, or by a wake-up.
  boolean mustWait(int minimum) {
    int enough = minimum - buffers.undrained();
    lock.lock();
    try {
      if (buffers.added() >= enough || woken) {
        return false;
      }
      wanted = enough;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Takes back what [#mustWait] asked for.
  void pauseWait() {
    lock.lock();
    try {
      wanted = NOBODY_WAITS;
    } finally {
      lock.unlock();
    }
  }

  /// Uses up a wake-up.
  void endWait() {
    woken = false;
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
