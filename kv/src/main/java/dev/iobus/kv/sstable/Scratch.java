package dev.iobus.kv.sstable;

import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Native memory that grows as needed and is paid for by an account before it is taken. Aligned
/// to pages, so that files can be read and written with it directly. Confined to one thread.
final class Scratch implements AutoCloseable {

  private final MemoryBudget.Account account;
  private Arena arena = Arena.ofShared();
  private MemorySegment memory = MemorySegment.NULL;

  Scratch(MemoryBudget.Account account) {
    this.account = account;
  }

  /// What there is; content is kept when it grows.
  MemorySegment memory() {
    return memory;
  }

  /// At least `bytes` of memory.
  ///
  /// @throws MemoryLimitException when the account does not get them
  MemorySegment require(long bytes) throws MemoryLimitException {
    if (bytes > memory.byteSize() && !tryGrow(bytes)) {
      throw account.refusal(bytes);
    }
    return memory;
  }

  /// Grows to at least `bytes`; false when the account does not get them.
  boolean tryGrow(long bytes) {
    long old = memory.byteSize();
    long page = BlockFormat.PAGE_BYTES;
    long exact = (bytes + page - 1) / page * page;
    long size = Math.max(exact, 2 * old);
    if (!account.tryReserve(size)) {
      size = exact;
      if (!account.tryReserve(size)) {
        return false;
      }
    }
    Arena grown = Arena.ofShared();
    MemorySegment target;
    try {
      target = grown.allocate(size, page);
    } catch (OutOfMemoryError e) {
      account.release(size);
      throw e;
    }
    MemorySegment.copy(memory, 0, target, 0, old);
    arena.close();
    account.release(old);
    arena = grown;
    memory = target;
    return true;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
      account.release(memory.byteSize());
      memory = MemorySegment.NULL;
    }
  }
}
