package dev.iobus.uring;

import java.lang.foreign.MemorySegment;

/// The three system calls of io_uring, under their names and with the kernel's answers: 0 or
/// more, or a negated error number. A test puts its own in place to see refusals.
public interface UringSyscalls {

  /// The calls of this kernel. To be asked only where native access is granted.
  static UringSyscalls kernel() {
    return new KernelUringSyscalls();
  }

  /// Creates a ring; `params` is read and filled. Returns its descriptor. io_uring_setup(2).
  ///
  /// @param errno memory for the error number, from `Libc.newErrnoCapture`
  int io_uring_setup(MemorySegment errno, int entries, MemorySegment params);

  /// Submits and waits. Returns the number of entries consumed. io_uring_enter(2).
  int io_uring_enter(
      MemorySegment errno,
      int fd,
      int toSubmit,
      int minComplete,
      int flags,
      MemorySegment argument,
      long argumentSize);

  /// Registers a resource. The answer depends on the opcode. io_uring_register(2).
  int io_uring_register(
      MemorySegment errno, int fd, int opcode, MemorySegment argument, int count);

  /// Enters that were refused and made once more within the same call, for a cause that nobody
  /// asked for. From any thread.
  default long repeated() {
    return 0;
  }
}
