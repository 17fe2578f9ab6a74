package dev.iobus.posix;

import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.StructLayout;

/// `sys/socket.h`, `netinet/in.h` and `sys/un.h` of macOS (xnu) and FreeBSD, as far as they differ
/// from [SocketAbi]. Immutable.
///
/// An address begins with its length and its family in a byte each, where that of Linux has its
/// family in two; the rest lies at the same places.
final class BsdSocketAbi {

  static final int AF_INET6_MACOS = 30;
  static final int AF_INET6_FREEBSD = 28;

  static final int SOCK_CLOEXEC_FREEBSD = 0x1000_0000;
  static final int SOCK_NONBLOCK_FREEBSD = 0x2000_0000;

  static final int MSG_NOSIGNAL_FREEBSD = 0x20000;
  static final int MSG_TRUNC = 0x10;

  static final int SOL_SOCKET = 0xffff;
  static final int SO_REUSEADDR = 0x4;
  static final int SO_KEEPALIVE = 0x8;
  static final int SO_BROADCAST = 0x20;
  static final int SO_REUSEPORT = 0x200;
  static final int SO_SNDBUF = 0x1001;
  static final int SO_RCVBUF = 0x1002;
  static final int SO_ERROR = 0x1007;
  /// An error instead of the signal SIGPIPE, for a socket of macOS.
  static final int SO_NOSIGPIPE_MACOS = 0x1022;

  static final int IPPROTO_IPV6 = 41;
  static final int IPV6_V6ONLY = 27;

  /// The longest path of a Unix socket, without its final NUL (`sun_path`).
  static final int UNIX_PATH_MAX = 103;

  /// `struct msghdr`, some members of which are shorter than on Linux.
  static final StructLayout MSGHDR =
      structLayout(
              ADDRESS.withName("msg_name"),
              JAVA_INT.withName("msg_namelen"),
              paddingLayout(4),
              ADDRESS.withName("msg_iov"),
              JAVA_INT.withName("msg_iovlen"),
              paddingLayout(4),
              ADDRESS.withName("msg_control"),
              JAVA_INT.withName("msg_controllen"),
              JAVA_INT.withName("msg_flags"))
          .withName("msghdr");

  static {
    assert MSGHDR.byteSize() == 48;
  }

  private BsdSocketAbi() {}
}
