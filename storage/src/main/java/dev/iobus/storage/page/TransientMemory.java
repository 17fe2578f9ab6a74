package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/// Buffers for blocks that get no frame and for transfers that are larger than the slab, within
/// an account whose floor belongs to readers. Thread-safe.
final class TransientMemory {

  /// How long a request waits for other readers to give bytes back. They may wait for the same
  /// while the requester holds some, so the wait must end.
  private static final long WAIT_NANOS = 10_000_000_000L;

  /// Bytes may come back to the budget from owners that do not signal here.
  private static final long POLL_NANOS = 5_000_000L;

  private final Scheduler scheduler;
  private final MemoryBudget budget;
  private final MemoryBudget.Account account;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition released;
  private final AtomicInteger waiters = new AtomicInteger();
  private final AtomicInteger blocks = new AtomicInteger();

  TransientMemory(Scheduler scheduler, MemoryBudget budget, MemoryBudget.Account account) {
    this.scheduler = scheduler;
    this.budget = budget;
    this.account = account;
    this.lock = scheduler.newLock();
    this.released = lock.newCondition();
  }

  /// A buffer with one pin, aligned to a page.
  ///
  /// @throws MemoryLimitException when the bytes did not come free within 10 s
  TransientBlock allocate(long length) throws IOException {
    long bytes = Math.max(1, length);
    if (!account.tryReserve(bytes)) {
      awaitReserve(bytes);
    }
    try {
      TransientBlock block = new TransientBlock(this, bytes, length);
      blocks.incrementAndGet();
      return block;
    } catch (OutOfMemoryError e) {
      release(bytes);
      throw e;
    }
  }

  private void awaitReserve(long bytes) throws MemoryLimitException {
    if (bytes > budget.limit()) {
      throw new MemoryLimitException(account.owner(), bytes, budget);
    }
    long deadlineNanos = scheduler.nanoTime() + WAIT_NANOS;
    lock.lock();
    waiters.incrementAndGet();
    try {
      while (!account.tryReserve(bytes)) {
        long now = scheduler.nanoTime();
        if (now - deadlineNanos >= 0) {
          throw new MemoryLimitException(account.owner(), bytes, budget);
        }
        released.awaitUntil(now + POLL_NANOS);
      }
    } finally {
      waiters.decrementAndGet();
      lock.unlock();
    }
  }

  /// Called by a block whose memory was freed.
  void freed(long bytes) {
    blocks.decrementAndGet();
    release(bytes);
  }

  private void release(long bytes) {
    account.release(bytes);
    if (waiters.get() > 0) {
      lock.lock();
      try {
        released.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /// Forgets a block without freeing it: the bus has failed and the kernel may still write to it.
  void abandon() {
    blocks.decrementAndGet();
  }

  /// Blocks that are not freed yet.
  int blockCount() {
    return blocks.get();
  }
}
