package dev.iobus.uring;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.iobus.posix.Libc;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.LongAdder;

/// The calls of this kernel, through syscall(2). The numbers are the same on every architecture
/// (`asm-generic/unistd.h`). Thread-safe.
final class KernelUringSyscalls implements UringSyscalls {

  private static final long NR_IO_URING_SETUP = 425;
  private static final long NR_IO_URING_ENTER = 426;
  private static final long NR_IO_URING_REGISTER = 427;

  private static final MethodHandle SETUP = syscall(JAVA_INT, ADDRESS);
  private static final MethodHandle ENTER =
      syscall(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);

  /// Without the error number, which costs a tenth of an enter that does nothing.
  private static final MethodHandle ENTER_PLAIN =
      plainSyscall(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle REGISTER = syscall(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);

  private final LongAdder repeated = new LongAdder();

  @Override
  public int io_uring_setup(MemorySegment errno, int entries, MemorySegment params) {
    try {
      return (int)
          Libc.orErrno((long) SETUP.invokeExact(errno, NR_IO_URING_SETUP, entries, params), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
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
    if ((flags & UringAbi.IORING_ENTER_EXT_ARG) == 0) {
      int answer = enterPlain(fd, toSubmit, minComplete, flags, argument, argumentSize);
      if (answer >= 0) {
        return answer;
      }
      // A refused call has done nothing: made once more it tells why, or goes well. Not so one
      // with a timeout, which would wait for all of it again.
      repeated.increment();
    }
    return enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize);
  }

  /// In a method of its own, so that the compiler inlines the call also where it is rare: else each
  /// call makes garbage.
  private static int enter(
      MemorySegment errno,
      int fd,
      int toSubmit,
      int minComplete,
      int flags,
      MemorySegment argument,
      long size) {
    try {
      return (int)
          Libc.orErrno(
              (long)
                  ENTER.invokeExact(
                      errno, NR_IO_URING_ENTER, fd, toSubmit, minComplete, flags, argument, size),
              errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// As above, without the error number: −1 for any error.
  private static int enterPlain(
      int fd, int toSubmit, int minComplete, int flags, MemorySegment argument, long size) {
    try {
      return (int)
          (long)
              ENTER_PLAIN.invokeExact(
                  NR_IO_URING_ENTER, fd, toSubmit, minComplete, flags, argument, size);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public int io_uring_register(
      MemorySegment errno, int fd, int opcode, MemorySegment argument, int count) {
    try {
      return (int)
          Libc.orErrno(
              (long) REGISTER.invokeExact(errno, NR_IO_URING_REGISTER, fd, opcode, argument, count),
              errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public long repeated() {
    return repeated.sum();
  }

  private static MethodHandle syscall(java.lang.foreign.MemoryLayout... arguments) {
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG).appendArgumentLayouts(arguments);
    return Libc.variadic("syscall", 1, descriptor);
  }

  private static MethodHandle plainSyscall(java.lang.foreign.MemoryLayout... arguments) {
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG).appendArgumentLayouts(arguments);
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("syscall"),
        descriptor,
        Linker.Option.firstVariadicArg(1));
  }
}
