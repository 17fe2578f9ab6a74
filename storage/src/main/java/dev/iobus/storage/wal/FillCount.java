package dev.iobus.storage.wal;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Counts places that were reserved and not filled yet, and lets one leader wait for the last.
/// Places are added under the log's lock and before [#seal]; filled from anywhere.
final class FillCount {

  private static final int SEALED = 1 << 30;

  private final AtomicInteger state = new AtomicInteger();

  /// Written before the seal is set, read after it was seen.
  private @Nullable Waiter leader;

  void add() {
    int before = state.getAndIncrement();
    assert (before & SEALED) == 0 : "a place was reserved in a sealed group";
  }

  /// Counts one place filled.
  ///
  /// @return the leader to wake, or null when none waits
  @Nullable Waiter filled() {
    return state.decrementAndGet() == SEALED ? leader : null;
  }

  /// Says that no place will be added, if all are filled.
  boolean sealIfFilled() {
    return state.compareAndSet(0, SEALED);
  }

  /// Says that no place will be added.
  ///
  /// @return whether `waiter` has to wait to be woken
  boolean seal(Waiter waiter) {
    leader = waiter;
    return state.getAndUpdate(count -> count | SEALED) != 0;
  }
}
