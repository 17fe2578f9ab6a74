package dev.iobus;

import java.util.concurrent.atomic.AtomicInteger;

/// How many operations still need the number of an open descriptor, on whatever bus, and whether a
/// close of it has begun. While some do, nobody but the bus that they are on may close it, which
/// does so behind them: the next file that anybody opens gets the number.
///
/// Thread-safe.
final class DescriptorUses {

  private static final int CLOSED = Integer.MIN_VALUE;

  /// The uses, and [#CLOSED] from the beginning of a close on.
  private final AtomicInteger state = new AtomicInteger();

  boolean isClosed() {
    return state.get() < 0;
  }

  /// Counts one more, which [#release()] ends. False when a close has begun.
  boolean retain() {
    return state.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
  }

  void release() {
    state.decrementAndGet();
  }

  /// Uses by others than who asks.
  ///
  /// @param own uses by who asks
  int others(int own) {
    return (state.get() & ~CLOSED) - own;
  }

  /// Takes the right to close; at most one caller gets it.
  ///
  /// @param own uses by the caller, who closes behind them
  /// @throws IllegalStateException when somebody else has it, or there are other uses
  void close(int own, String name) {
    if (!state.compareAndSet(own, own | CLOSED)) {
      throw new IllegalStateException(
          isClosed()
              ? name + " is closed"
              : name + " has " + others(own) + " operations in flight; await them first");
    }
  }

  /// Gives the right to close back.
  void reopen() {
    state.getAndUpdate(n -> n & ~CLOSED);
  }

  /// Refuses more uses, whatever there are: what it counts for is gone.
  void end() {
    state.getAndUpdate(n -> n | CLOSED);
  }
}
