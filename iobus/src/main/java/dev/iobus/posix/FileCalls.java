package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// Calls on files that every host of POSIX has, under their C names; a failure is the negated
/// Linux error number. Paths are NUL-terminated. Linked when the first of them is used.
///
/// Thread-safe but for the memory that receives `errno`, as in [Libc].
public final class FileCalls {

  private static final MethodHandle OPEN =
      Libc.variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle PREAD =
      Libc.downcall(
          "pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PWRITE =
      Libc.downcall(
          "pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PREADV = vectored("preadv");
  private static final MethodHandle PWRITEV = vectored("pwritev");
  private static final MethodHandle READV =
      Libc.downcall("readv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle WRITEV =
      Libc.downcall("writev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle RENAME =
      Libc.downcall("rename", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle UNLINK =
      Libc.downcall("unlink", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle LINKAT =
      Libc.downcall(
          "linkat",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT));
  /// Linux.
  private static final @Nullable MethodHandle FALLOCATE =
      Libc.downcallIfThere(
          "fallocate",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  /// Linux.
  private static final @Nullable MethodHandle SYNC_FILE_RANGE =
      Libc.downcallIfThere(
          "sync_file_range",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  /// Not on macOS. Answers with the error number itself.
  private static final @Nullable MethodHandle POSIX_FADVISE =
      Libc.downcallIfThere(
          "posix_fadvise",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle FLOCK =
      Libc.downcall("flock", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle FCNTL =
      Libc.variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final @Nullable MethodHandle FSTAT =
      Libc.downcallIfThere(fstatName(), FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  /// Linux.
  private static final @Nullable MethodHandle STATX =
      Libc.downcallIfThere(
          "statx",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

  private FileCalls() {}

  private static MethodHandle vectored(String name) {
    return Libc.downcall(
        name, FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));
  }

  /// open(2).
  public static int open(MemorySegment errno, MemorySegment path, int flags, int mode) {
    try {
      return (int) Libc.orErrno((int) OPEN.invokeExact(errno, path, flags, mode), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// pread(2).
  public static long pread(
      MemorySegment errno, int fd, MemorySegment buffer, long count, long offset) {
    try {
      return Libc.orErrno((long) PREAD.invokeExact(errno, fd, buffer, count, offset), errno);
    } catch (IllegalStateException e) {
      return -Errno.EFAULT; // The memory was freed meanwhile.
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// pwrite(2).
  public static long pwrite(
      MemorySegment errno, int fd, MemorySegment buffer, long count, long offset) {
    try {
      return Libc.orErrno((long) PWRITE.invokeExact(errno, fd, buffer, count, offset), errno);
    } catch (IllegalStateException e) {
      return -Errno.EFAULT; // The memory was freed meanwhile.
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// preadv(2).
  ///
  /// @param vectors `count` structures as in [IovecAbi]
  public static long preadv(
      MemorySegment errno, int fd, MemorySegment vectors, int count, long offset) {
    try {
      return Libc.orErrno((long) PREADV.invokeExact(errno, fd, vectors, count, offset), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// pwritev(2).
  public static long pwritev(
      MemorySegment errno, int fd, MemorySegment vectors, int count, long offset) {
    try {
      return Libc.orErrno((long) PWRITEV.invokeExact(errno, fd, vectors, count, offset), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// readv(2).
  public static long readv(MemorySegment errno, int fd, MemorySegment vectors, int count) {
    try {
      return Libc.orErrno((long) READV.invokeExact(errno, fd, vectors, count), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// writev(2).
  public static long writev(MemorySegment errno, int fd, MemorySegment vectors, int count) {
    try {
      return Libc.orErrno((long) WRITEV.invokeExact(errno, fd, vectors, count), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// rename(2).
  public static int rename(MemorySegment errno, MemorySegment from, MemorySegment to) {
    try {
      return (int) Libc.orErrno((int) RENAME.invokeExact(errno, from, to), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// unlink(2).
  public static int unlink(MemorySegment errno, MemorySegment path) {
    try {
      return (int) Libc.orErrno((int) UNLINK.invokeExact(errno, path), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// linkat(2) from and to paths as they stand; a symbolic link is linked itself.
  public static int link(MemorySegment errno, MemorySegment existing, MemorySegment path) {
    int here =
        Host.current() == Host.MACOS ? MacFcntlAbi.AT_FDCWD : FcntlAbi.AT_FDCWD;
    try {
      return (int)
          Libc.orErrno((int) LINKAT.invokeExact(errno, here, existing, here, path, 0), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// fallocate(2) with mode 0; EOPNOTSUPP on hosts other than Linux.
  public static int fallocate(MemorySegment errno, int fd, long offset, long length) {
    MethodHandle call = FALLOCATE;
    if (call == null) {
      return -Errno.EOPNOTSUPP;
    }
    try {
      return (int) Libc.orErrno((int) call.invokeExact(errno, fd, 0, offset, length), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// sync_file_range(2); EOPNOTSUPP on hosts other than Linux.
  public static int syncFileRange(
      MemorySegment errno, int fd, long offset, long length, int flags) {
    MethodHandle call = SYNC_FILE_RANGE;
    if (call == null) {
      return -Errno.EOPNOTSUPP;
    }
    try {
      return (int) Libc.orErrno((int) call.invokeExact(errno, fd, offset, length, flags), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// posix_fadvise(2), whose numbers of advice are the same on Linux and FreeBSD; on macOS the
  /// advice is not heeded.
  public static int fadvise(MemorySegment errno, int fd, long offset, long length, int advice) {
    MethodHandle call = POSIX_FADVISE;
    if (call == null) {
      return 0;
    }
    try {
      return -HostErrno.toLinux((int) call.invokeExact(errno, fd, offset, length, advice));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// flock(2).
  public static int flock(MemorySegment errno, int fd, int operation) {
    try {
      return (int) Libc.orErrno((int) FLOCK.invokeExact(errno, fd, operation), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// fcntl(2) with an argument that is a number, or ignored.
  public static int fcntl(MemorySegment errno, int fd, int command, int argument) {
    try {
      return (int) Libc.orErrno((int) FCNTL.invokeExact(errno, fd, command, argument), errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// fstat(2) on macOS and FreeBSD. Null when it fails, of which it says no more.
  public static @Nullable FileFacts fstat(MemorySegment errno, int fd) {
    MethodHandle call = FSTAT;
    if (call == null) {
      throw new AssertionError("the C library has no " + fstatName());
    }
    boolean mac = Host.current() == Host.MACOS;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stat = arena.allocate(mac ? MacStatAbi.STAT : FreeBsdStatAbi.STAT);
      int result = (int) call.invokeExact(errno, fd, stat);
      if (result != 0) {
        return null;
      }
      return mac ? MacStatAbi.facts(stat) : FreeBsdStatAbi.facts(stat);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// statx(2) of an open file, on Linux; fails with ENOSYS where the C library has none.
  ///
  /// @param statx memory as in [StatxAbi]
  public static int statx(MemorySegment errno, int fd, MemorySegment statx) {
    MethodHandle call = STATX;
    if (call == null) {
      return -Errno.ENOSYS;
    }
    int mask = StatxAbi.STATX_BASIC_STATS | StatxAbi.STATX_DIOALIGN;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment empty = arena.allocate(1);
      return (int)
          Libc.orErrno(
              (int) call.invokeExact(errno, fd, empty, FcntlAbi.AT_EMPTY_PATH, mask, statx),
              errno);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// On x86-64 the plain name of macOS is that of a structure with inode numbers of 32 bits.
  private static String fstatName() {
    boolean intelMac =
        Host.current() == Host.MACOS && !System.getProperty("os.arch").equals("aarch64");
    return intelMac ? "fstat$INODE64" : "fstat";
  }
}
