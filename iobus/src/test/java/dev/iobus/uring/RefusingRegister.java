package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/// The system calls of this kernel, of which some that make a file or memory known to a ring are answered
/// with an error.
public final class RefusingRegister implements UringSyscalls {

  /// Makes memory known, in either way.
  public static final int BUFFER = IORING_REGISTER_BUFFERS_UPDATE;

  /// Makes memory known that another ring knows.
  public static final int CLONE = IORING_REGISTER_CLONE_BUFFERS;

  /// Makes a file known, or empties a slot.
  public static final int FILE = IORING_REGISTER_FILES_UPDATE;

  private final UringSyscalls kernel = UringSyscalls.kernel();
  private final int refused;
  private final int errno;
  private final BooleanSupplier refuses;

  /// @param refused [#BUFFER], [#CLONE] or [#FILE]
  /// @param errno the answer
  /// @param refuses asked by each such call, on its thread
  public RefusingRegister(int refused, int errno, BooleanSupplier refuses) {
    this.refused = refused;
    this.errno = errno;
    this.refuses = refuses;
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
    boolean isIt = opcode == refused || (opcode == CLONE && refused == BUFFER);
    return isIt && refuses.getAsBoolean()
        ? -errno
        : kernel.io_uring_register(capture, fd, opcode, argument, count);
  }
}
