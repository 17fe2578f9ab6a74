package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// The system calls of this kernel, of whose reads and writes three in four are short or refused in
/// passing, with EINTR or EAGAIN, or cancelled, as they are when the thread that submitted them ends:
/// their results are changed when a call returns. Thread-safe; the order of the changes follows from
/// the seed where one thread enters.
public final class ShortKernel extends ViewedKernel {

  private static final Set<Integer> TRANSFERS =
      Set.of(IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED);

  private final int unit;
  private final boolean cancels;

  // Guarded by the monitor.
  private final Random random;
  private final Map<RingViews.View, Integer> seen = new HashMap<>();
  private final Set<Long> inFlight = new HashSet<>();
  private int changes;

  /// @param unit a short transfer moves whole units of so many bytes, and at least one
  /// @param cancels whether some are cancelled
  public ShortKernel(long seed, int unit, boolean cancels) {
    random = new Random(seed);
    this.unit = unit;
    this.cancels = cancels;
  }

  /// Results that were changed.
  public synchronized int changes() {
    return changes;
  }

  @Override
  public int io_uring_enter(
      MemorySegment errno,
      int fd,
      int toSubmit,
      int minComplete,
      int flags,
      MemorySegment argument,
      long argumentSize) {
    RingViews.View view = views.find(fd, flags);
    notice(view, toSubmit);
    int answer =
        kernel.io_uring_enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize);
    change(view);
    return answer;
  }

  private synchronized void notice(RingViews.View view, int count) {
    int head = view.head();
    for (int number = head; number != head + count; number++) {
      long userData = view.userData(number);
      if (TRANSFERS.contains(view.opcode(number))) {
        inFlight.add(userData);
      } else {
        inFlight.remove(userData);
      }
    }
  }

  private synchronized void change(RingViews.View view) {
    int tail = view.resultTail();
    for (int number = seen.getOrDefault(view, 0); number != tail; number++) {
      int result = view.result(number);
      if (result > unit && inFlight.remove(view.resultUserData(number)) && random.nextInt(4) > 0) {
        view.setResult(number, instead(result));
        changes++;
      }
    }
    seen.put(view, tail);
  }

  private int instead(int result) {
    return switch (random.nextInt(6)) {
      case 0 -> -Errno.EINTR;
      case 1 -> -Errno.EAGAIN;
      case 2 -> cancels ? -Errno.ECANCELED : unit;
      default -> unit * (1 + random.nextInt((result - 1) / unit));
    };
  }
}
