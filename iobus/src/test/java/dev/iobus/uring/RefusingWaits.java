package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/// The system calls of this kernel, of which some waits for a result are answered with an error.
public final class RefusingWaits implements UringSyscalls {

  private final UringSyscalls kernel = UringSyscalls.kernel();
  private final int errno;
  private final BooleanSupplier refuses;

  /// @param errno the answer
  /// @param refuses asked by each call that waits, on its thread
  public RefusingWaits(int errno, BooleanSupplier refuses) {
    this.errno = errno;
    this.refuses = refuses;
  }

  @Override
  public int io_uring_setup(MemorySegment errno, int entries, MemorySegment params) {
    return kernel.io_uring_setup(errno, entries, params);
  }

  @Override
  public int io_uring_enter(
      MemorySegment capture,
      int fd,
      int toSubmit,
      int minComplete,
      int flags,
      MemorySegment argument,
      long argumentSize) {
    boolean waits = (flags & IORING_ENTER_GETEVENTS) != 0 && minComplete > 0;
    return waits && refuses.getAsBoolean()
        ? -errno
        : kernel.io_uring_enter(capture, fd, toSubmit, minComplete, flags, argument, argumentSize);
  }

  @Override
  public int io_uring_register(
      MemorySegment errno, int fd, int opcode, MemorySegment argument, int count) {
    return kernel.io_uring_register(errno, fd, opcode, argument, count);
  }
}
