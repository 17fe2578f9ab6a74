package dev.iobus.uring;

import java.lang.foreign.MemorySegment;

/// A kernel that refuses every ring with one error number. Immutable.
///
/// @param errno the positive error number
public record RefusingKernel(int errno) implements UringSyscalls {

  @Override
  public int io_uring_setup(MemorySegment errnoCapture, int entries, MemorySegment params) {
    return -errno;
  }

  @Override
  public int io_uring_enter(
      MemorySegment errnoCapture,
      int fd,
      int toSubmit,
      int minComplete,
      int flags,
      MemorySegment argument,
      long argumentSize) {
    throw new AssertionError("no ring was set up");
  }

  @Override
  public int io_uring_register(
      MemorySegment errnoCapture, int fd, int opcode, MemorySegment argument, int count) {
    throw new AssertionError("no ring was set up");
  }
}
