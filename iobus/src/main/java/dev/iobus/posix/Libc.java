package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Calls of the C library under their C names; a failure is the negated error number.
///
/// Every call takes the memory that receives `errno`, from [#newErrnoCapture], which only one
/// thread uses at a time: the virtual machine may itself call the C library between two
/// downcalls, so `errno` is captured with the call. None is `critical`: all of them may block.
/// Thread-safe but for that memory.
public final class Libc {

  /// `sys/mman.h`.
  public static final int PROT_READ = 1;

  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;
  public static final int MAP_PRIVATE = 2;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_POPULATE = 0x8000;
  public static final int MAP_HUGETLB = 0x40000;

  /// Where the flags of MAP_HUGETLB hold the logarithm of the page's size.
  public static final int MAP_HUGE_SHIFT = 26;

  public static final int MADV_HUGEPAGE = 14;

  /// Since Linux 5.14.
  public static final int MADV_POPULATE_WRITE = 23;

  /// `bits/uio-ext.h`: a write is durable when it returns.
  public static final int RWF_DSYNC = 2;

  /// `bits/uio-ext.h`: a read that would wait for the device fails instead.
  public static final int RWF_NOWAIT = 8;

  /// `linux/fs.h`: all of the bytes or none of them.
  public static final int RWF_ATOMIC = 0x40;

  /// `linux/fs.h`: drop the pages when they are written.
  public static final int RWF_DONTCACHE = 0x80;

  /// `bits/resource.h`.
  private static final int RLIMIT_NOFILE = 7;

  /// `sys/eventfd.h`.
  public static final int EFD_CLOEXEC = 0x80000;

  public static final int EFD_NONBLOCK = 0x800;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = CAPTURE.varHandle(PathElement.groupElement("errno"));

  private Libc() {}

  /// Links a C function that takes a fixed list of arguments, with `errno` captured.
  public static MethodHandle downcall(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        symbol(name), descriptor, Linker.Option.captureCallState("errno"));
  }

  /// As [#downcall], or null where the C library has no such function.
  static @Nullable MethodHandle downcallIfThere(String name, FunctionDescriptor descriptor) {
    return LINKER.defaultLookup().find(name).isEmpty() ? null : downcall(name, descriptor);
  }

  /// Links a C function whose arguments from index `first` on are variadic.
  public static MethodHandle variadic(String name, int first, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        symbol(name),
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(first));
  }

  /// Memory for `errno` that lives as long as the arena. For one thread at a time.
  public static MemorySegment newErrnoCapture(Arena arena) {
    return arena.allocate(CAPTURE);
  }

  /// The C convention (−1 and `errno`) turned into the kernel's: a negated error number of Linux,
  /// also on hosts that count them differently.
  public static long orErrno(long result, MemorySegment capture) {
    return result == -1 ? -HostErrno.toLinux((int) ERRNO.get(capture, 0L)) : result;
  }

  /// Maps `length` bytes of a descriptor at a place of the kernel's choice. Returns the address.
  public static long mmap(
      MemorySegment capture, long length, int prot, int flags, int fd, long offset) {
    try {
      return orErrno(
          (long) Mmap.CALL.invokeExact(capture, 0L, length, prot, flags, fd, offset), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static int munmap(MemorySegment capture, long address, long length) {
    try {
      return (int) orErrno((int) Munmap.CALL.invokeExact(capture, address, length), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static int madvise(MemorySegment capture, long address, long length, int advice) {
    try {
      return (int)
          orErrno((int) Madvise.CALL.invokeExact(capture, address, length, advice), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Never to be repeated after EINTR: on Linux the descriptor is gone all the same, close(2).
  public static int close(MemorySegment capture, int fd) {
    try {
      return (int) orErrno((int) Close.CALL.invokeExact(capture, fd), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Fails with ENOSYS on hosts other than Linux.
  public static int eventfd(MemorySegment capture, int count, int flags) {
    MethodHandle call = Eventfd.CALL;
    if (call == null) {
      return -Errno.ENOSYS;
    }
    try {
      return (int) orErrno((int) call.invokeExact(capture, count, flags), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static long read(MemorySegment capture, int fd, MemorySegment buffer, long count) {
    try {
      return orErrno((long) Read.CALL.invokeExact(capture, fd, buffer, count), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// pread(2). Returns −1 for any failure.
  public static long pread(int fd, MemorySegment buffer, long count, long offset) {
    try {
      return (long) Pread.CALL.invokeExact(fd, buffer, count, offset);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Returns −1 for any failure, and where the C library has no such function.
  ///
  /// @param vectors `count` structures as in [IovecAbi]
  public static long preadv2(int fd, MemorySegment vectors, int count, long offset, int flags) {
    MethodHandle call = Preadv2.CALL;
    if (call == null) {
      return -1;
    }
    try {
      return (long) call.invokeExact(fd, vectors, count, offset, flags);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// pwrite(2). Returns −1 for any failure.
  public static long pwrite(int fd, MemorySegment buffer, long count, long offset) {
    try {
      return (long) Pwrite.CALL.invokeExact(fd, buffer, count, offset);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Fails with ENOSYS where the C library has no such function.
  ///
  /// @param vectors `count` structures as in [IovecAbi]
  public static long pwritev2(
      MemorySegment capture, int fd, MemorySegment vectors, int count, long offset, int flags) {
    MethodHandle call = Pwritev2.CALL;
    if (call == null) {
      return -Errno.ENOSYS;
    }
    try {
      return orErrno(
          (long) call.invokeExact(capture, fd, vectors, count, offset, flags), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static int fsync(MemorySegment capture, int fd) {
    try {
      return (int) orErrno((int) Fsync.CALL.invokeExact(capture, fd), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// As fsync(2) where the C library has no fdatasync(2).
  public static int fdatasync(MemorySegment capture, int fd) {
    MethodHandle call = Fdatasync.CALL;
    if (call == null) {
      return fsync(capture, fd);
    }
    try {
      return (int) orErrno((int) call.invokeExact(capture, fd), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static long write(MemorySegment capture, int fd, MemorySegment buffer, long count) {
    try {
      return orErrno((long) Write.CALL.invokeExact(capture, fd, buffer, count), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static int ftruncate(MemorySegment capture, int fd, long length) {
    try {
      return (int) orErrno((int) Ftruncate.CALL.invokeExact(capture, fd, length), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Opens a file.
  ///
  /// @param path NUL-terminated
  public static int open(MemorySegment capture, MemorySegment path, int flags, int mode) {
    try {
      return (int) orErrno((int) Open.CALL.invokeExact(capture, path, flags, mode), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Gives a file another name.
  ///
  /// @param existing NUL-terminated, as is `path`
  public static int link(MemorySegment capture, MemorySegment existing, MemorySegment path) {
    try {
      return (int) orErrno((int) Link.CALL.invokeExact(capture, existing, path), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Makes a directory.
  ///
  /// @param path NUL-terminated
  public static int mkdir(MemorySegment capture, MemorySegment path, int mode) {
    try {
      return (int) orErrno((int) Mkdir.CALL.invokeExact(capture, path, mode), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Waits until one of some descriptors is ready. Returns how many are; 0 after the time-out.
  ///
  /// @param pollfds `count` structures as in [PollAbi]
  /// @param time a `struct timespec`
  public static int ppoll(
      MemorySegment capture, MemorySegment pollfds, long count, MemorySegment time) {
    try {
      return (int)
          orErrno(
              (int) Ppoll.CALL.invokeExact(capture, pollfds, count, time, MemorySegment.NULL),
              capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Sleeps in the kernel, so that a virtual thread keeps its carrier; less when a signal comes.
  ///
  /// @param nanos at least 0
  public static void sleep(long nanos) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment time = call.allocate(TimespecAbi.TIMESPEC);
      TimespecAbi.set(time, nanos);
      ppoll(newErrnoCapture(call), MemorySegment.NULL, 0, time);
    }
  }

  /// How many files this process may have open now, the soft limit RLIMIT_NOFILE of Linux. Without a
  /// limit [Long#MAX_VALUE].
  public static long openFilesMax() {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment limits = call.allocate(JAVA_LONG, 2); // `struct rlimit`: soft, hard.
      int answer = (int) Getrlimit.CALL.invokeExact(newErrnoCapture(call), RLIMIT_NOFILE, limits);
      long soft = limits.get(JAVA_LONG, 0);
      return answer < 0 || soft < 0 ? Long.MAX_VALUE : soft;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public static int fcntl(MemorySegment capture, int fd, int command, MemorySegment argument) {
    try {
      return (int) orErrno((int) Fcntl.CALL.invokeExact(capture, fd, command, argument), capture);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MemorySegment symbol(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  // A call is linked when it is first made: to link one of a new shape takes a virtual machine that
  // has just begun some 5 ms, and most programs make few of them.

  private static final class Mmap {
    static final MethodHandle CALL =
        downcall(
            "mmap",
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  private static final class Munmap {
    static final MethodHandle CALL =
        downcall("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  }

  private static final class Madvise {
    static final MethodHandle CALL =
        downcall("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  private static final class Close {
    static final MethodHandle CALL =
        downcall("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// Linux; null elsewhere.
  private static final class Eventfd {
    static final @Nullable MethodHandle CALL =
        downcallIfThere("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  private static final class Read {
    static final MethodHandle CALL =
        downcall("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  }

  private static final class Write {
    static final MethodHandle CALL =
        downcall("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  }

  /// Without `errno`, so that any thread may call it without memory of its own.
  private static final class Pread {
    static final MethodHandle CALL =
        LINKER.downcallHandle(
            symbol("pread"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  }

  /// As that of [Pread]. Null in C libraries without it, such as musl before 1.2.5.
  private static final class Preadv2 {
    static final @Nullable MethodHandle CALL =
        LINKER.defaultLookup().find("preadv2").isEmpty()
            ? null
            : LINKER.downcallHandle(
                symbol("preadv2"),
                FunctionDescriptor.of(
                    JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  /// As that of [Pread].
  private static final class Pwrite {
    static final MethodHandle CALL =
        LINKER.downcallHandle(
            symbol("pwrite"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  }

  /// Null in C libraries without it, such as musl before 1.2.5.
  private static final class Pwritev2 {
    static final @Nullable MethodHandle CALL =
        downcallIfThere(
            "pwritev2",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT));
  }

  private static final class Fsync {
    static final MethodHandle CALL =
        downcall("fsync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  /// Null on macOS, which declares no such function.
  private static final class Fdatasync {
    static final @Nullable MethodHandle CALL =
        downcallIfThere("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  }

  private static final class Ftruncate {
    static final MethodHandle CALL =
        downcall("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  }

  private static final class Link {
    static final MethodHandle CALL =
        downcall("link", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  }

  private static final class Mkdir {
    static final MethodHandle CALL =
        downcall("mkdir", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  }

  private static final class Ppoll {
    static final MethodHandle CALL =
        downcall("ppoll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
  }

  private static final class Getrlimit {
    static final MethodHandle CALL =
        downcall("getrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  }

  private static final class Open {
    static final MethodHandle CALL =
        variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  }

  private static final class Fcntl {
    static final MethodHandle CALL =
        variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
  }
}
