package dev.iobus.posix;

/// Error numbers of the BSD family as the Linux numbers of [Errno], by name
/// (`sys/errno.h` of xnu and of FreeBSD). Immutable.
///
/// The two systems agree up to 78 and differ above. A number without a Linux name is EIO: it says
/// that the call failed, and never that it worked.
public final class HostErrno {

  /// Numbers 1 to 78, which both systems share. Some of the names are unknown to Linux.
  private static final String COMMON =
      "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EDEADLK ENOMEM EACCES EFAULT"
          + " ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY"
          + " EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EAGAIN EINPROGRESS EALREADY"
          + " ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT"
          + " ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL"
          + " ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN"
          + " ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED ELOOP ENAMETOOLONG EHOSTDOWN"
          + " EHOSTUNREACH ENOTEMPTY EPROCLIM EUSERS EDQUOT ESTALE EREMOTE EBADRPC ERPCMISMATCH"
          + " EPROGUNAVAIL EPROGMISMATCH EPROCUNAVAIL ENOLCK ENOSYS";

  /// From 79 on.
  private static final String MACOS =
      " EFTYPE EAUTH ENEEDAUTH EPWROFF EDEVERR EOVERFLOW EBADEXEC EBADARCH ESHLIBVERS EBADMACHO"
          + " ECANCELED EIDRM ENOMSG EILSEQ ENOATTR EBADMSG EMULTIHOP ENODATA ENOLINK ENOSR ENOSTR"
          + " EPROTO ETIME EOPNOTSUPP ENOPOLICY ENOTRECOVERABLE EOWNERDEAD EQFULL";

  /// From 79 on.
  private static final String FREEBSD =
      " EFTYPE EAUTH ENEEDAUTH EIDRM ENOMSG EOVERFLOW ECANCELED EILSEQ ENOATTR EDOOFUS EBADMSG"
          + " EMULTIHOP ENOLINK EPROTO ENOTCAPABLE ECAPMODE ENOTRECOVERABLE EOWNERDEAD EINTEGRITY";

  private static final int[] MACOS_TO_LINUX = table(MACOS);
  private static final int[] FREEBSD_TO_LINUX = table(FREEBSD);

  private HostErrno() {}

  /// The Linux number of a positive number of the given host.
  static int toLinux(Host host, int errno) {
    return switch (host) {
      case MACOS -> lookUp(MACOS_TO_LINUX, errno);
      case FREEBSD -> lookUp(FREEBSD_TO_LINUX, errno);
      case LINUX, OTHER -> errno;
    };
  }

  /// As above, for this host.
  public static int toLinux(int errno) {
    return toLinux(Host.current(), errno);
  }

  private static int lookUp(int[] table, int errno) {
    if (errno == 0) {
      return 0;
    }
    return errno > 0 && errno < table.length ? table[errno] : Errno.EIO;
  }

  private static int[] table(String further) {
    String[] names = (COMMON + further).split(" ");
    int[] table = new int[names.length + 1];
    for (int i = 0; i < names.length; i++) {
      table[i + 1] = Errno.isName(names[i]) ? Errno.number(names[i]) : Errno.EIO;
    }
    return table;
  }
}
