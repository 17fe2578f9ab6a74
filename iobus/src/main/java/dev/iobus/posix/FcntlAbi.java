package dev.iobus.posix;

import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/// `fcntl.h` of 64-bit Linux. Three open flags have other numbers on ARM than elsewhere
/// (`arch/arm64/include/uapi/asm/fcntl.h`). Immutable.
public final class FcntlAbi {

  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_TRUNC = 0x200;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_DIRECT = ARM ? 0x10000 : 0x4000;
  public static final int O_DIRECTORY = ARM ? 0x4000 : 0x10000;
  public static final int O_NOFOLLOW = ARM ? 0x8000 : 0x20000;
  public static final int O_CLOEXEC = 0x80000;

  public static final int AT_FDCWD = -100;
  public static final int AT_EMPTY_PATH = 0x1000;

  /// Wait for writes under way, start the others, and wait for these, sync_file_range(2).
  public static final int SYNC_FILE_RANGE_WRITE_AND_WAIT = 7;

  public static final int F_GETFL = 3;
  public static final int F_SETFL = 4;
  public static final int F_OFD_SETLK = 37;
  public static final int F_DUPFD_CLOEXEC = 1030;
  public static final short F_WRLCK = 1;

  /// `struct flock`. `l_pid` must be 0 for OFD locks, fcntl(2).
  public static final StructLayout FLOCK =
      structLayout(
          JAVA_SHORT.withName("l_type"),
          JAVA_SHORT.withName("l_whence"),
          paddingLayout(4),
          JAVA_LONG.withName("l_start"),
          JAVA_LONG.withName("l_len"),
          JAVA_INT.withName("l_pid"),
          paddingLayout(4));

  private static final VarHandle L_TYPE = FLOCK.varHandle(PathElement.groupElement("l_type"));

  private FcntlAbi() {}

  /// Makes zeroed memory ask for a write lock on the whole file, however it grows
  /// (`l_len` 0, from `SEEK_SET` 0).
  public static void wholeFileWriteLock(MemorySegment flock) {
    L_TYPE.set(flock, 0L, F_WRLCK);
  }
}
