package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The system calls of this kernel, which clones buffers, as a ring learns when it is opened, and then
/// refuses each of them.
public final class RefusingClones implements UringSyscalls {

  private static final VarHandle COUNT = field(CLONE_BUFFERS, "nr");

  private final UringSyscalls kernel = UringSyscalls.kernel();
  private final int errno;

  /// @param errno the answer
  public RefusingClones(int errno) {
    this.errno = errno;
  }

  @Override
  public int io_uring_setup(MemorySegment errno, int entries, MemorySegment params) {
    return kernel.io_uring_setup(errno, entries, params);
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
    return kernel.io_uring_enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize);
  }

  @Override
  public int io_uring_register(
      MemorySegment capture, int fd, int opcode, MemorySegment argument, int count) {
    return opcode == IORING_REGISTER_CLONE_BUFFERS && (int) COUNT.get(argument, 0L) > 0
        ? -errno
        : kernel.io_uring_register(capture, fd, opcode, argument, count);
  }
}
