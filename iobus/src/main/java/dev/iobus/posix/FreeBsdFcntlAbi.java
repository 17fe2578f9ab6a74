package dev.iobus.posix;

/// What `fcntl.h` of FreeBSD has beside [BsdFcntlAbi]. Immutable.
public final class FreeBsdFcntlAbi {

  public static final int O_DIRECT = 0x10000;
  public static final int O_DIRECTORY = 0x20000;
  public static final int O_CLOEXEC = 0x100000;

  public static final int F_DUPFD_CLOEXEC = 17;

  private FreeBsdFcntlAbi() {}
}
