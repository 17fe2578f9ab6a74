package dev.iobus.storage.wal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Counts places that were reserved and not filled yet, and lets one leader wait for the last.
/// Places are added under the log's lock and before [#seal]; filled from anywhere.
final class FillCount {

  private static final int SEALED = 1 << 30;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(FillCount.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// Places that are not filled, and whether more may come.
  private volatile int state;

  /// Written before the seal is set, read after it was seen.
  private @Nullable Waiter leader;

  void add() {
    int before = (int) STATE.getAndAdd(this, 1);
    assert (before & SEALED) == 0 : "a place was reserved in a sealed group";
  }

  /// Counts one place filled.
  ///
  /// @return the leader to wake, or null when none waits
  @Nullable Waiter filled() {
    return (int) STATE.getAndAdd(this, -1) - 1 == SEALED ? leader : null;
  }

  /// Says that no place will be added, if all are filled.
  boolean sealIfFilled() {
    return STATE.compareAndSet(this, 0, SEALED);
  }

  /// Says that no place will be added.
  ///
  /// @return whether `waiter` has to wait to be woken
  boolean seal(Waiter waiter) {
    leader = waiter;
    return (int) STATE.getAndBitwiseOr(this, SEALED) != 0;
  }
}
