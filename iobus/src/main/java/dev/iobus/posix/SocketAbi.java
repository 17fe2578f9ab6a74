package dev.iobus.posix;

import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// `sys/socket.h`, `netinet/in.h`, `netinet/tcp.h` and `sys/un.h` of 64-bit Linux, as far as they
/// are used here: constants, addresses, message headers. Immutable.
public final class SocketAbi {

  public static final int AF_UNIX = 1;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;

  public static final int SOCK_STREAM = 1;
  public static final int SOCK_DGRAM = 2;
  public static final int SOCK_CLOEXEC = 0x80000;
  public static final int SOCK_NONBLOCK = 0x800;

  public static final int SHUT_RD = 0;
  public static final int SHUT_WR = 1;
  public static final int SHUT_RDWR = 2;

  public static final int MSG_WAITALL = 0x100;

  /// An error instead of the signal SIGPIPE.
  public static final int MSG_NOSIGNAL = 0x4000;

  public static final int MSG_TRUNC = 0x20;

  public static final int SOL_SOCKET = 1;
  public static final int SO_REUSEADDR = 2;
  public static final int SO_ERROR = 4;
  public static final int SO_BROADCAST = 6;
  public static final int SO_SNDBUF = 7;
  public static final int SO_RCVBUF = 8;
  public static final int SO_KEEPALIVE = 9;
  public static final int SO_REUSEPORT = 15;
  public static final int IPPROTO_TCP = 6;
  public static final int TCP_NODELAY = 1;
  public static final int IPV6_V6ONLY = 26;

  /// Room for the address of any family (`struct sockaddr_storage`).
  public static final int SOCKADDR_BYTES = 128;

  /// The longest path of a Unix socket, without its final NUL (`sun_path`).
  public static final int UNIX_PATH_MAX = 107;

  /// `struct msghdr`.
  public static final StructLayout MSGHDR =
      structLayout(
              ADDRESS.withName("msg_name"),
              JAVA_INT.withName("msg_namelen"),
              paddingLayout(4),
              ADDRESS.withName("msg_iov"),
              JAVA_LONG.withName("msg_iovlen"),
              ADDRESS.withName("msg_control"),
              JAVA_LONG.withName("msg_controllen"),
              JAVA_INT.withName("msg_flags"),
              paddingLayout(4))
          .withName("msghdr");

  private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  /// `struct sockaddr_in`.
  private static final StructLayout SOCKADDR_IN =
      structLayout(
          JAVA_SHORT.withName("sin_family"),
          PORT.withName("sin_port"),
          sequenceLayout(4, JAVA_BYTE).withName("sin_addr"),
          paddingLayout(8));

  /// `struct sockaddr_in6`.
  private static final StructLayout SOCKADDR_IN6 =
      structLayout(
          JAVA_SHORT.withName("sin6_family"),
          PORT.withName("sin6_port"),
          JAVA_INT.withName("sin6_flowinfo"),
          sequenceLayout(16, JAVA_BYTE).withName("sin6_addr"),
          JAVA_INT.withName("sin6_scope_id"));

  private static final long SUN_PATH = 2;

  private static final VarHandle MSG_NAME = field(MSGHDR, "msg_name");
  private static final VarHandle MSG_NAMELEN = field(MSGHDR, "msg_namelen");
  private static final VarHandle MSG_IOV = field(MSGHDR, "msg_iov");
  private static final VarHandle MSG_IOVLEN = field(MSGHDR, "msg_iovlen");
  private static final VarHandle MSG_CONTROL = field(MSGHDR, "msg_control");
  private static final VarHandle MSG_CONTROLLEN = field(MSGHDR, "msg_controllen");
  private static final VarHandle MSG_FLAGS = field(MSGHDR, "msg_flags");
  private static final VarHandle FAMILY = field(SOCKADDR_IN, "sin_family");
  private static final VarHandle SIN_PORT = field(SOCKADDR_IN, "sin_port");
  private static final long SIN_ADDR = offset(SOCKADDR_IN, "sin_addr");
  private static final VarHandle SIN6_PORT = field(SOCKADDR_IN6, "sin6_port");
  private static final VarHandle SIN6_FLOWINFO = field(SOCKADDR_IN6, "sin6_flowinfo");
  private static final VarHandle SIN6_SCOPE = field(SOCKADDR_IN6, "sin6_scope_id");
  private static final long SIN6_ADDR = offset(SOCKADDR_IN6, "sin6_addr");

  static {
    assert MSGHDR.byteSize() == 56;
    assert SOCKADDR_IN.byteSize() == 16;
    assert SOCKADDR_IN6.byteSize() == 28;
  }

  private SocketAbi() {}

  /// Fills in an address. Returns its length in bytes.
  ///
  /// @param storage at least [#SOCKADDR_BYTES] long
  /// @param family of the socket: an IPv6 socket gets an IPv4 address in its mapped form
  /// @throws IllegalArgumentException for an address that such a socket cannot have
  public static int encode(MemorySegment storage, SocketAddress address, int family) {
    storage.fill((byte) 0);
    if (address instanceof UnixDomainSocketAddress unix && family == AF_UNIX) {
      return encodeUnix(storage, unix);
    }
    if (!(address instanceof InetSocketAddress inet) || family == AF_UNIX) {
      throw new IllegalArgumentException(
          "the address " + address + " does not fit a socket of family " + familyName(family));
    }
    InetAddress host = inet.getAddress();
    if (host == null) {
      throw new IllegalArgumentException(
          "the host name of " + address + " is not resolved; resolve it first");
    }
    if (family == AF_INET6) {
      return encodeInet6(storage, host, inet.getPort());
    }
    if (!(host instanceof Inet4Address)) {
      throw new IllegalArgumentException("the address " + address + " is not one of IPv4");
    }
    FAMILY.set(storage, 0L, (short) AF_INET);
    SIN_PORT.set(storage, 0L, (short) inet.getPort());
    copy(host.getAddress(), storage, SIN_ADDR);
    return (int) SOCKADDR_IN.byteSize();
  }

  private static int encodeInet6(MemorySegment storage, InetAddress host, int port) {
    FAMILY.set(storage, 0L, (short) AF_INET6);
    SIN6_PORT.set(storage, 0L, (short) port);
    SIN6_FLOWINFO.set(storage, 0L, 0);
    if (host instanceof Inet6Address six) {
      SIN6_SCOPE.set(storage, 0L, six.getScopeId());
      copy(six.getAddress(), storage, SIN6_ADDR);
    } else if (!host.isAnyLocalAddress()) {
      // ::ffff:a.b.c.d, RFC 4291 2.5.5.2. The wildcard of IPv4 is that of IPv6, all zeros.
      storage.set(JAVA_BYTE, SIN6_ADDR + 10, (byte) 0xff);
      storage.set(JAVA_BYTE, SIN6_ADDR + 11, (byte) 0xff);
      copy(host.getAddress(), storage, SIN6_ADDR + 12);
    }
    return (int) SOCKADDR_IN6.byteSize();
  }

  private static int encodeUnix(MemorySegment storage, UnixDomainSocketAddress address) {
    byte[] path = address.getPath().toString().getBytes(StandardCharsets.UTF_8);
    if (path.length > UNIX_PATH_MAX) {
      throw new IllegalArgumentException(
          "the path " + address + " is longer than the " + UNIX_PATH_MAX + " bytes of a socket's");
    }
    FAMILY.set(storage, 0L, (short) AF_UNIX);
    copy(path, storage, SUN_PATH);
    return (int) SUN_PATH + path.length + 1;
  }

  /// The address that the kernel filled in, or null when it gave none.
  ///
  /// @param length as the kernel told it
  public static @Nullable SocketAddress decode(MemorySegment storage, int length) {
    if (length < 2) {
      return null;
    }
    int family = (short) FAMILY.get(storage, 0L);
    try {
      if (family == AF_INET && length >= SOCKADDR_IN.byteSize()) {
        byte[] host = storage.asSlice(SIN_ADDR, 4).toArray(JAVA_BYTE);
        int port = (short) SIN_PORT.get(storage, 0L) & 0xffff;
        return new InetSocketAddress(InetAddress.getByAddress(host), port);
      }
      if (family == AF_INET6 && length >= SOCKADDR_IN6.byteSize()) {
        byte[] host = storage.asSlice(SIN6_ADDR, 16).toArray(JAVA_BYTE);
        int port = (short) SIN6_PORT.get(storage, 0L) & 0xffff;
        int scope = (int) SIN6_SCOPE.get(storage, 0L);
        InetAddress address =
            scope == 0
                ? InetAddress.getByAddress(host)
                : Inet6Address.getByAddress(null, host, scope);
        return new InetSocketAddress(address, port);
      }
    } catch (UnknownHostException e) {
      throw new AssertionError("an address of 4 or 16 bytes is always one", e);
    }
    return family == AF_UNIX ? decodeUnix(storage, length) : null;
  }

  private static SocketAddress decodeUnix(MemorySegment storage, int length) {
    int end = Math.min(length, SOCKADDR_BYTES);
    int at = (int) SUN_PATH;
    // An abstract name begins with NUL and is no path: it is shown as a socket without a name.
    while (at < end && storage.get(JAVA_BYTE, at) != 0) {
      at++;
    }
    byte[] path = storage.asSlice(SUN_PATH, at - SUN_PATH).toArray(JAVA_BYTE);
    return UnixDomainSocketAddress.of(new String(path, StandardCharsets.UTF_8));
  }

  /// Fills in a message header.
  ///
  /// @param name the peer's address or memory for it; [MemorySegment#NULL] for none
  public static void setMessage(
      MemorySegment message, MemorySegment name, int nameLength, MemorySegment vectors, int count) {
    MSG_NAME.set(message, 0L, name);
    MSG_NAMELEN.set(message, 0L, nameLength);
    MSG_IOV.set(message, 0L, vectors);
    MSG_IOVLEN.set(message, 0L, (long) count);
    MSG_CONTROL.set(message, 0L, MemorySegment.NULL);
    MSG_CONTROLLEN.set(message, 0L, 0L);
    MSG_FLAGS.set(message, 0L, 0);
  }

  /// The length of the sender's address that the kernel filled in.
  public static int nameLength(MemorySegment message) {
    return (int) MSG_NAMELEN.get(message, 0L);
  }

  /// Whether the datagram was longer than the memory for it.
  public static boolean isTruncated(MemorySegment message) {
    return ((int) MSG_FLAGS.get(message, 0L) & MSG_TRUNC) != 0;
  }

  private static String familyName(int family) {
    return switch (family) {
      case AF_UNIX -> "UNIX";
      case AF_INET -> "INET";
      case AF_INET6 -> "INET6";
      default -> Integer.toString(family);
    };
  }

  private static void copy(byte[] from, MemorySegment to, long offset) {
    MemorySegment.copy(from, 0, to, JAVA_BYTE, offset, from.length);
  }

  private static VarHandle field(StructLayout layout, String name) {
    return layout.varHandle(PathElement.groupElement(name));
  }

  private static long offset(StructLayout layout, String name) {
    return layout.byteOffset(PathElement.groupElement(name));
  }
}
