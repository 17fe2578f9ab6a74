package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// The system calls of this kernel, which answers some operations with a result of a test's choice
/// and does nothing for them: they become nops that end with it. Needs Linux 6.10. Thread-safe.
public final class AnsweringKernel extends ViewedKernel {

  private final int opcode;
  private final int result;
  private final AtomicInteger left;

  private AnsweringKernel(int opcode, int result, int times) {
    this.opcode = opcode;
    this.result = result;
    left = new AtomicInteger(times);
  }

  /// Answers the next `times` reads so, at most.
  public static AnsweringKernel ofReads(int result, int times) {
    return new AnsweringKernel(IORING_OP_READ, result, times);
  }

  /// Answers the next `times` questions for a file's facts so, at most.
  public static AnsweringKernel ofStats(int result, int times) {
    return new AnsweringKernel(IORING_OP_STATX, result, times);
  }

  /// Answers that are still to come.
  public int left() {
    return left.get();
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
    if (toSubmit > 0) {
      RingViews.View view = views.find(fd, flags);
      int head = view.head();
      for (int number = head; number != head + toSubmit; number++) {
        if (view.opcode(number) == opcode && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
          view.answer(number, result);
        }
      }
    }
    return kernel.io_uring_enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize);
  }
}
