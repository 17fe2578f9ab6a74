package dev.iobus.posix;

import java.util.HashMap;
import java.util.Map;

/// Linux error numbers, as on x86-64 and aarch64 (`asm-generic/errno-base.h` and
/// `asm-generic/errno.h`), which every backend answers with. Immutable.
public final class Errno {

  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int ESPIPE = 29;
  public static final int EROFS = 30;
  public static final int EMLINK = 31;
  public static final int EPIPE = 32;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int ETIME = 62;
  public static final int EBADR = 53;
  public static final int EOVERFLOW = 75;
  public static final int EBADFD = 77;
  public static final int ENOTSOCK = 88;
  public static final int EDESTADDRREQ = 89;
  public static final int EMSGSIZE = 90;
  public static final int EOPNOTSUPP = 95;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ENETUNREACH = 101;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int EISCONN = 106;
  public static final int ENOTCONN = 107;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTUNREACH = 113;
  public static final int EALREADY = 114;
  public static final int EINPROGRESS = 115;
  public static final int ESTALE = 116;
  public static final int EDQUOT = 122;
  public static final int ECANCELED = 125;

  /// Indexed by number; an empty entry has no name.
  private static final String[] NAMES =
      ("- EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES"
              + " EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE"
              + " ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK"
              + " ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT"
              + " EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT -"
              + " EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM"
              + " EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD"
              + " ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ"
              + " EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP"
              + " EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET"
              + " ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT"
              + " ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM"
              + " ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED"
              + " EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON")
          .split(" ");

  private static final Map<String, Integer> NUMBERS = numbers();

  private Errno() {}

  /// The name of a positive error number, such as `ENOSPC`; `errno 4711` for an unknown one.
  public static String name(int errno) {
    boolean known = errno > 0 && errno < NAMES.length && !NAMES[errno].equals("-");
    return known ? NAMES[errno] : "errno " + errno;
  }

  /// The positive number of a name such as `ENOSPC`.
  ///
  /// @throws IllegalArgumentException for an unknown name
  public static int number(String name) {
    Integer number = NUMBERS.get(name);
    if (number == null) {
      throw new IllegalArgumentException("unknown error name " + name);
    }
    return number;
  }

  /// Whether Linux has an error number of this name.
  public static boolean isName(String name) {
    return NUMBERS.containsKey(name);
  }

  /// What a positive error number means to whoever stores data, in a few words.
  public static String text(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case EINTR -> "interrupted by a signal";
      case EIO -> "the device failed";
      case EBADF -> "the file is not open, or not open for this";
      case EAGAIN -> "try again: a resource is held or short for the moment";
      case ENOMEM -> "out of memory, or over the limit on locked memory (ulimit -l)";
      case EACCES -> "permission denied";
      case EFAULT -> "the buffer's memory is not accessible";
      case EBUSY -> "in use";
      case EEXIST -> "exists already";
      case EXDEV -> "source and target are on different file systems";
      case ENOTDIR -> "not a directory";
      case EISDIR -> "is a directory";
      case EINVAL -> "invalid argument";
      case ENFILE -> "the system's table of open files is full";
      case EMFILE -> "too many open files; raise the limit (ulimit -n)";
      case EFBIG -> "over the file size limit (ulimit -f, or the file system's)";
      case ENOSPC -> "no space left on the device";
      case ESPIPE -> "not seekable";
      case EROFS -> "the file system is read-only";
      case EPIPE -> "the other end is closed, or was never connected";
      case ENAMETOOLONG -> "the file name is too long";
      case ENOSYS -> "the kernel has no such system call";
      case ENOTEMPTY -> "the directory is not empty";
      case ELOOP -> "a symbolic link stands where none is followed, or too many of them";
      case ETIME -> "the time is over";
      case EBADR -> "the kernel dropped completions";
      case EOPNOTSUPP -> "not supported by this file system or kernel";
      case ENOTSOCK -> "it is no socket";
      case EDESTADDRREQ -> "the socket is not connected; send to an address, or connect first";
      case EMSGSIZE -> "the message is longer than the protocol allows";
      case EAFNOSUPPORT -> "the host does not have this family of addresses";
      case EADDRINUSE -> "another socket has this address";
      case EADDRNOTAVAIL -> "the host does not have this address";
      case ENETUNREACH -> "no route to that network";
      case ECONNABORTED -> "the peer gave the connection up";
      case ECONNRESET -> "the peer reset the connection";
      case ENOBUFS -> "the kernel is short of network buffers";
      case EISCONN -> "the socket is connected already";
      case ENOTCONN -> "the socket is not connected";
      case ETIMEDOUT -> "the peer did not answer in time";
      case ECONNREFUSED -> "nobody listens at that address";
      case EHOSTUNREACH -> "no route to that host";
      case EALREADY -> "already running, cannot be cancelled any more";
      case ESTALE -> "the file is gone from its server";
      case EDQUOT -> "over the disk quota";
      case ECANCELED -> "cancelled";
      default -> "see errno(3)";
    };
  }

  private static Map<String, Integer> numbers() {
    Map<String, Integer> numbers = new HashMap<>();
    for (int errno = 1; errno < NAMES.length; errno++) {
      if (!NAMES[errno].equals("-")) {
        numbers.put(NAMES[errno], errno);
      }
    }
    return numbers;
  }
}
