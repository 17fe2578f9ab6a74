package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;

/// The system calls of this kernel, for a test that looks into the rings that were opened through
/// them. Thread-safe.
abstract class ViewedKernel implements OpenedKernel {

  final UringSyscalls kernel = UringSyscalls.kernel();
  final RingViews views = new RingViews();

  @Override
  public final int io_uring_setup(MemorySegment errno, int entries, MemorySegment params) {
    int fd = kernel.io_uring_setup(errno, entries, params);
    if (fd >= 0) {
      views.add(fd, params);
    }
    return fd;
  }

  @Override
  public final int io_uring_register(
      MemorySegment errno, int fd, int opcode, MemorySegment argument, int count) {
    int answer = kernel.io_uring_register(errno, fd, opcode, argument, count);
    if (opcode == IORING_REGISTER_RING_FDS && answer == 1) {
      views.addRegistration(argument);
    }
    return answer;
  }

  @Override
  public final void close() {
    views.close();
  }
}
