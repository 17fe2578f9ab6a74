package dev.iobus.posix;

/// What `sys/fcntl.h` of macOS (xnu) has beside [BsdFcntlAbi]. Immutable.
public final class MacFcntlAbi {

  public static final int O_DIRECTORY = 0x100000;
  public static final int O_CLOEXEC = 0x1000000;

  public static final int AT_FDCWD = -2;

  /// Turns the cache off for one open file.
  public static final int F_NOCACHE = 48;
  /// fsync(2) and a flush of the drive's own cache, which fsync(2) alone does not do there.
  public static final int F_FULLFSYNC = 51;
  public static final int F_DUPFD_CLOEXEC = 67;

  private MacFcntlAbi() {}
}
