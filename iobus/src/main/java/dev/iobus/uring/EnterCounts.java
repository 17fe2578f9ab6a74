package dev.iobus.uring;

import dev.iobus.posix.Errno;
import java.util.concurrent.atomic.AtomicLong;

/// How often one side of a ring has entered the kernel, and how often it was refused for a moment.
///
/// Counted by one thread at a time with plain additions; read by any thread.
public final class EnterCounts {

  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong interrupted = new AtomicLong();
  private final AtomicLong again = new AtomicLong();
  private final AtomicLong busy = new AtomicLong();

  EnterCounts() {}

  /// Counts a call with the kernel's answer, which it returns.
  int count(int answer) {
    increment(calls);
    if (answer < 0) {
      countRefusal(answer);
    }
    return answer;
  }

  private void countRefusal(int answer) {
    if (answer == -Errno.EINTR) {
      increment(interrupted);
    } else if (answer == -Errno.EAGAIN) {
      increment(again);
    } else if (answer == -Errno.EBUSY) {
      increment(busy);
    }
  }

  /// Without an atomic instruction: there is one writer.
  static void increment(AtomicLong count) {
    count.setOpaque(count.getPlain() + 1);
  }

  /// System calls, refused ones included.
  public long calls() {
    return calls.getOpaque();
  }

  /// Calls that ended with EINTR: a signal came.
  public long interrupted() {
    return interrupted.getOpaque();
  }

  /// Calls that ended with EAGAIN: the kernel had no memory for a request.
  public long again() {
    return again.getOpaque();
  }

  /// Calls that ended with EBUSY: results waited for room in the completion queue.
  public long busy() {
    return busy.getOpaque();
  }
}
