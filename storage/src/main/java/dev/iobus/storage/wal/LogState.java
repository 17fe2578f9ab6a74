package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// Whether the log takes records: until it is closed, and until its first failure, which it keeps
/// and gives to everybody who comes later. Guarded by the log's lock.
final class LogState {

  private final String log;
  private @Nullable Throwable failure;
  private boolean closed;

  LogState(String log) {
    this.log = log;
  }

  boolean isClosed() {
    return closed;
  }

  /// Refuses new appends.
  void close() {
    closed = true;
  }

  boolean hasFailed() {
    return failure != null;
  }

  /// Keeps the first failure. Returns whether this is it.
  boolean fail(Throwable first) {
    if (failure != null) {
      return false;
    }
    failure = first;
    return true;
  }

  void requireOpen() throws WalFailedException {
    requireNotFailed();
    requireNotClosed();
  }

  void requireNotClosed() {
    if (closed) {
      throw new IllegalStateException("the log " + log + " is closed");
    }
  }

  void requireNotFailed() throws WalFailedException {
    Throwable first = failure;
    if (first != null) {
      throw new WalFailedException(log, first);
    }
  }

  /// Why the log has failed; only once it has.
  WalFailedException failure() {
    Throwable first = failure;
    assert first != null : "a wait was refused by a log that has not failed";
    return new WalFailedException(log, first);
  }
}
