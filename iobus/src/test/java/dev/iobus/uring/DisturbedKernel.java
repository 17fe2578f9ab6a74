package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// The system calls of this kernel, of which one in four that enter a ring is disturbed: refused with
/// EINTR, EAGAIN or EBUSY, which take nothing, or made to take fewer entries than it was given. A run
/// of links is not cut, as no kernel does that. Thread-safe; the order of the disturbances follows
/// from the seed where one thread enters.
public final class DisturbedKernel extends ViewedKernel {

  private static final int[] REFUSALS = {-Errno.EINTR, -Errno.EAGAIN, -Errno.EBUSY};

  private final AtomicLong state;
  private final AtomicLong disturbances = new AtomicLong();

  public DisturbedKernel(long seed) {
    state = new AtomicLong(seed);
  }

  /// How often the kernel was disturbed.
  public long disturbances() {
    return disturbances.get();
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
    int choice = next(16);
    if (choice < REFUSALS.length) {
      disturbances.incrementAndGet();
      return REFUSALS[choice];
    }
    if (choice == REFUSALS.length && toSubmit > 1) {
      int fewer = wholeRuns(views.find(fd, flags), 1 + next(toSubmit - 1));
      if (fewer > 0) {
        disturbances.incrementAndGet();
        int known = flags & IORING_ENTER_REGISTERED_RING;
        return kernel.io_uring_enter(errno, fd, fewer, 0, known, MemorySegment.NULL, 0L);
      }
    }
    return kernel.io_uring_enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize);
  }

  /// The most entries up to `count` that end with no link to the next.
  private static int wholeRuns(RingViews.View view, int count) {
    int fewer = count;
    while (fewer > 0 && view.isLinked(view.head() + fewer - 1)) {
      fewer--;
    }
    return fewer;
  }

  /// A number from 0 to `bound` - 1: SplitMix64, which allocates nothing.
  private int next(int bound) {
    long z = state.addAndGet(0x9E3779B97F4A7C15L);
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return (int) Long.remainderUnsigned(z ^ z >>> 31, bound);
  }
}
