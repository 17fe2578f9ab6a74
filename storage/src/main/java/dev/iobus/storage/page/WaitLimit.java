package dev.iobus.storage.page;

/// For how long a caller waits for memory: in all calls together that it gives this to, however many
/// blocks they ask for. The time runs from the first wait on. Confined to one caller.
public final class WaitLimit {

  /// What a call has that is given no limit, in nanoseconds: 10 s. Others may wait for what the caller
  /// holds, so a wait must end.
  static final long CALL_NANOS = 10_000_000_000L;

  private final long nanos;

  private boolean begun;
  private long deadlineNanos;

  private WaitLimit(long nanos) {
    this.nanos = nanos;
  }

  /// The limit of one call: 10 s.
  public static WaitLimit ofCall() {
    return new WaitLimit(CALL_NANOS);
  }

  /// For who does not wait, because it holds what others wait for. A block that another caller loads,
  /// who waits for memory, is waited for all the same.
  public static WaitLimit none() {
    return new WaitLimit(0);
  }

  /// When a wait must end, on the scheduler's clock.
  ///
  /// @param sinceNanos when the wait began
  long deadline(long sinceNanos) {
    if (!begun) {
      begun = true;
      deadlineNanos = sinceNanos + nanos;
    }
    return deadlineNanos;
  }
}
