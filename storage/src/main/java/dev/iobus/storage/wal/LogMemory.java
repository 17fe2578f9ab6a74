package dev.iobus.storage.wal;

import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;

/// The log's account in the memory budget. Thread-safe.
final class LogMemory implements AutoCloseable {

  private final MemoryBudget.Account account;

  /// Set before the account is closed, read after each release: one of both closes it.
  private volatile boolean closing;

  LogMemory(MemoryBudget budget, String owner, long floorBytes) {
    this(budget.open(owner, floorBytes));
  }

  LogMemory(MemoryBudget.Account account) {
    this.account = account;
  }

  /// Reserves bytes before they are allocated.
  void reserve(long bytes) throws MemoryLimitException {
    account.reserve(bytes);
  }

  void release(long bytes) {
    account.release(bytes);
    if (closing) {
      account.tryClose();
    }
  }

  /// Closes the account, at once or with the last release: a task whose long record was refused by
  /// the close of its log gives the memory of that back when it gets to run.
  @Override
  public void close() {
    closing = true;
    account.tryClose();
  }
}
