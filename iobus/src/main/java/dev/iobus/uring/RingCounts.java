package dev.iobus.uring;

import java.util.concurrent.atomic.AtomicLong;

/// What a ring counts while it is used: live numbers, read by any thread as long as the ring is
/// open.
public final class RingCounts {

  private final UringSyscalls syscalls;
  private final CompletionQueue completions;
  private final EnterCounts submitting = new EnterCounts();
  private final EnterCounts waiting = new EnterCounts();
  private final AtomicLong punts = new AtomicLong();
  private final AtomicLong overflows = new AtomicLong();

  RingCounts(UringSyscalls syscalls, CompletionQueue completions) {
    this.syscalls = syscalls;
    this.completions = completions;
  }

  /// Calls that submit and do not wait. Written by the submitting thread.
  public EnterCounts submitting() {
    return submitting;
  }

  /// Calls that wait, or bring results in; some submit, too. Written by the reaping thread.
  public EnterCounts waiting() {
    return waiting;
  }

  /// Calls that were refused and made once more at once, without a look at the cause; not among
  /// those of the two sides.
  public long repeated() {
    return syscalls.repeated();
  }

  /// By the submitting thread, for an entry that a worker thread of the kernel does for certain.
  public void punted() {
    EnterCounts.increment(punts);
  }

  /// Entries that worker threads of the kernel do for certain.
  public long punts() {
    return punts.getOpaque();
  }

  /// By the reaping thread, when it brings in what did not fit into the queue.
  void overflowed() {
    EnterCounts.increment(overflows);
  }

  /// How often results had waited in the kernel for room in the queue. None was lost by that.
  public long overflows() {
    return overflows.getOpaque();
  }

  /// Results that the kernel has lost, as it had neither room in the queue nor memory.
  public long dropped() {
    return completions.droppedOpaque();
  }
}
