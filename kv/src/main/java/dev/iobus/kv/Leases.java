package dev.iobus.kv;

import java.util.concurrent.atomic.AtomicInteger;

/// Counts what callers have borrowed from the store, so that the memory behind it is freed once: by
/// the store when nothing is out, else by the last lease. Thread-safe.
final class Leases {

  /// Added when the store has closed.
  private static final int STORE_CLOSED = 1 << 30;

  private final Runnable freeMemory;
  private final AtomicInteger open = new AtomicInteger();

  /// @param freeMemory run once, after the store has closed and the last lease is back
  Leases(Runnable freeMemory) {
    this.freeMemory = freeMemory;
  }

  /// A lease goes out. The caller holds a view, so the store has not closed.
  void opened() {
    open.incrementAndGet();
  }

  void closed() {
    if (open.decrementAndGet() == STORE_CLOSED) {
      freeMemory.run();
    }
  }

  /// Called once, when nobody can take a lease any more.
  void storeClosed() {
    if (open.addAndGet(STORE_CLOSED) == STORE_CLOSED) {
      freeMemory.run();
    }
  }
}
