package dev.iobus.storage.wal;

import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;

/// The log's account in the memory budget. Thread-safe.
final class LogMemory implements AutoCloseable {

  private final MemoryBudget budget;
  private final String owner;
  private final MemoryBudget.Account account;

  LogMemory(MemoryBudget budget, String owner, long floorBytes) {
    this.budget = budget;
    this.owner = owner;
    this.account = budget.open(owner, floorBytes);
  }

  /// Reserves bytes before they are allocated.
  void reserve(long bytes) throws MemoryLimitException {
    if (!account.tryReserve(bytes)) {
      throw new MemoryLimitException(owner, bytes, budget);
    }
  }

  void release(long bytes) {
    account.release(bytes);
  }

  @Override
  public void close() {
    account.close();
  }
}
