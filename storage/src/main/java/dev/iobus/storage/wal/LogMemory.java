package dev.iobus.storage.wal;

import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicLong;

/// The log's account in the memory budget. Thread-safe.
final class LogMemory implements AutoCloseable {

  private final MemoryBudget.Account account;

  /// Set before the account is closed, read after each release: one of both closes it.
  private volatile boolean closing;

  /// Raised before bytes of records are reserved, and lowered after they were released.
  private final AtomicLong recordBytes = new AtomicLong();

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

  /// Frees memory and releases its bytes, unless a failed bus keeps it.
  void free(Arena arena, long bytes) {
    account.free(arena, bytes);
    closeIfAsked();
  }

  void release(long bytes) {
    account.release(bytes);
    closeIfAsked();
  }

  private void closeIfAsked() {
    if (closing) {
      account.tryClose();
    }
  }

  /// As [#reserve] for a record that its writer holds, and may give back after the close.
  void reserveRecord(long bytes) throws MemoryLimitException {
    recordBytes.addAndGet(bytes);
    boolean reserved = false;
    try {
      account.reserve(bytes);
      reserved = true;
    } finally {
      if (!reserved) {
        recordBytes.addAndGet(-bytes);
      }
    }
  }

  void releaseRecord(long bytes) {
    release(bytes);
    recordBytes.addAndGet(-bytes);
  }

  /// Closes the account, at once or with the last release: a task whose long record was refused by
  /// the close of its log gives the memory of that back when it gets to run.
  ///
  /// @throws IllegalStateException when the log itself has not given back what it reserved
  @Override
  public void close() {
    closing = true;
    // Records first: one that is given back meanwhile is in neither number or in this one alone.
    long held = recordBytes.get();
    long kept = account.reserved() - account.leaked() - held;
    if (kept > 0) {
      throw new IllegalStateException(
          account.owner() + " closes with " + kept + " bytes that it has not given back");
    }
    account.tryClose();
  }
}
