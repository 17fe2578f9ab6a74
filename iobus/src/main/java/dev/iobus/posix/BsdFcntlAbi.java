package dev.iobus.posix;

/// `fcntl.h` and `sys/file.h` as far as macOS and FreeBSD agree, which is what 4.4BSD had.
/// Immutable.
public final class BsdFcntlAbi {

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 0x4;
  public static final int O_NOFOLLOW = 0x100;
  public static final int O_CREAT = 0x200;
  public static final int O_TRUNC = 0x400;
  public static final int O_EXCL = 0x800;

  public static final int F_SETFD = 2;
  public static final int FD_CLOEXEC = 1;
  public static final int F_GETFL = 3;
  public static final int F_SETFL = 4;

  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;

  private BsdFcntlAbi() {}
}
