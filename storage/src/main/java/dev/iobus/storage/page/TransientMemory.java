package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Buffers for blocks that get no frame and for transfers that are larger than the slab, within
/// an account whose floor belongs to readers. Thread-safe.
final class TransientMemory {

  /// Bytes may come back to the budget from owners that do not signal here.
  private static final long POLL_NANOS = 5_000_000L;

  /// Frames of the cache that were pinned may be free some polls later.
  private static final int POLLS_PER_LOAN = 20;

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

  /// A buffer with one pin, aligned to a page; null when there is no memory for it now.
  @Nullable TransientBlock tryAllocate(long length) {
    long bytes = bytesFor(length);
    return account.tryReserve(bytes) ? newBlock(bytes, length) : null;
  }

  /// Buffers as [#tryAllocate], all at once, so that who waits for one of them holds no other.
  ///
  /// The cache gives frames up for them: who needs a block cannot go on without.
  ///
  /// @throws MemoryLimitException when the bytes did not come free within the limit
  TransientBlock[] allocate(WaitLimit limit, long... lengths) throws MemoryLimitException {
    long left = 0;
    for (long length : lengths) {
      left += bytesFor(length);
    }
    if (!account.tryReserveOrBorrow(left)) {
      awaitReserve(left, limit);
    }
    TransientBlock[] made = new TransientBlock[lengths.length];
    try {
      for (int i = 0; i < lengths.length; i++) {
        long bytes = bytesFor(lengths[i]);
        left -= bytes;
        made[i] = newBlock(bytes, lengths[i]);
      }
      return made;
    } catch (OutOfMemoryError e) {
      release(left);
      for (TransientBlock block : made) {
        if (block != null) {
          block.unpin();
        }
      }
      throw e;
    }
  }

  private static long bytesFor(long length) {
    return Math.max(1, length);
  }

  /// @param bytes reserved; given back when this fails
  private TransientBlock newBlock(long bytes, long length) {
    try {
      TransientBlock block = new TransientBlock(this, bytes, length);
      blocks.incrementAndGet();
      return block;
    } catch (OutOfMemoryError e) {
      release(bytes);
      throw e;
    }
  }

  private void awaitReserve(long bytes, WaitLimit limit) throws MemoryLimitException {
    if (bytes > budget.limit()) {
      throw account.refusal(bytes);
    }
    long deadlineNanos = limit.deadline(scheduler.nanoTime());
    lock.lock();
    waiters.incrementAndGet();
    try {
      for (int polls = 1; !tryReserve(bytes, polls); polls++) {
        long now = scheduler.nanoTime();
        if (now - deadlineNanos >= 0) {
          throw account.refusal(bytes);
        }
        released.awaitUntil(Math.min(deadlineNanos, now + POLL_NANOS));
      }
    } finally {
      waiters.decrementAndGet();
      lock.unlock();
    }
  }

  private boolean tryReserve(long bytes, int polls) {
    return polls % POLLS_PER_LOAN == 0
        ? account.tryReserveOrBorrow(bytes)
        : account.tryReserve(bytes);
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
