package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Numbers and layouts of sockets on one host: those of [SocketAbi] on Linux, of [BsdSocketAbi] on
/// macOS and FreeBSD. Families are given and told as Linux numbers them. Immutable.
public final class HostSocketAbi {

  private static final HostSocketAbi CURRENT = new HostSocketAbi(Host.current());

  private final Host host;
  private final boolean bsd;

  // The members that differ.
  private final long flagsAt;
  private final long vectorCountAt;
  private final long controlAt;

  HostSocketAbi(Host host) {
    this.host = host;
    bsd = host == Host.MACOS || host == Host.FREEBSD;
    StructLayout layout = message();
    flagsAt = layout.byteOffset(PathElement.groupElement("msg_flags"));
    vectorCountAt = layout.byteOffset(PathElement.groupElement("msg_iovlen"));
    controlAt = layout.byteOffset(PathElement.groupElement("msg_control"));
  }

  /// That of the host this process runs on.
  public static HostSocketAbi current() {
    return CURRENT;
  }

  /// Flags for socket(2) and accept4(2): closed by exec, and not blocking. 0 where a socket can
  /// only be made so later.
  public int typeFlags() {
    return switch (host) {
      case LINUX, OTHER -> SocketAbi.SOCK_CLOEXEC | SocketAbi.SOCK_NONBLOCK;
      case FREEBSD -> BsdSocketAbi.SOCK_CLOEXEC_FREEBSD | BsdSocketAbi.SOCK_NONBLOCK_FREEBSD;
      case MACOS -> 0;
    };
  }

  /// Flags for send(2) and sendmsg(2): an error instead of the signal SIGPIPE. 0 where that is
  /// an option of the socket ([#noSignal()]).
  public int sendFlags() {
    return switch (host) {
      case LINUX, OTHER -> SocketAbi.MSG_NOSIGNAL;
      case FREEBSD -> BsdSocketAbi.MSG_NOSIGNAL_FREEBSD;
      case MACOS -> 0;
    };
  }

  /// The option of a socket for an error instead of SIGPIPE, or −1 where there is none.
  public int noSignal() {
    return host == Host.MACOS ? BsdSocketAbi.SO_NOSIGPIPE_MACOS : -1;
  }

  /// Whether a socket of IPv6 must be told that it talks to IPv4 as well, as it does on Linux.
  public boolean isV6OnlyAtFirst() {
    return bsd;
  }

  public int ipv6Level() {
    return BsdSocketAbi.IPPROTO_IPV6;
  }

  public int v6Only() {
    return bsd ? BsdSocketAbi.IPV6_V6ONLY : SocketAbi.IPV6_V6ONLY;
  }

  public int socketLevel() {
    return bsd ? BsdSocketAbi.SOL_SOCKET : SocketAbi.SOL_SOCKET;
  }

  public int reuseAddress() {
    return bsd ? BsdSocketAbi.SO_REUSEADDR : SocketAbi.SO_REUSEADDR;
  }

  public int reusePort() {
    return bsd ? BsdSocketAbi.SO_REUSEPORT : SocketAbi.SO_REUSEPORT;
  }

  public int keepAlive() {
    return bsd ? BsdSocketAbi.SO_KEEPALIVE : SocketAbi.SO_KEEPALIVE;
  }

  public int broadcast() {
    return bsd ? BsdSocketAbi.SO_BROADCAST : SocketAbi.SO_BROADCAST;
  }

  public int receiveBuffer() {
    return bsd ? BsdSocketAbi.SO_RCVBUF : SocketAbi.SO_RCVBUF;
  }

  public int sendBuffer() {
    return bsd ? BsdSocketAbi.SO_SNDBUF : SocketAbi.SO_SNDBUF;
  }

  /// What ended a socket, told once; a positive error number of the host.
  public int error() {
    return bsd ? BsdSocketAbi.SO_ERROR : SocketAbi.SO_ERROR;
  }

  /// The host's number of a family.
  public int family(int family) {
    if (family != SocketAbi.AF_INET6) {
      return family;
    }
    return switch (host) {
      case LINUX, OTHER -> SocketAbi.AF_INET6;
      case MACOS -> BsdSocketAbi.AF_INET6_MACOS;
      case FREEBSD -> BsdSocketAbi.AF_INET6_FREEBSD;
    };
  }

  /// As [SocketAbi#encode], in the host's form.
  ///
  /// @throws IllegalArgumentException for an address that such a socket cannot have
  public int encode(MemorySegment storage, SocketAddress address, int family) {
    int length = SocketAbi.encode(storage, address, family);
    if (bsd) {
      if (address instanceof UnixDomainSocketAddress named) {
        checkPath(named);
      }
      storage.set(JAVA_BYTE, 0, (byte) length);
      storage.set(JAVA_BYTE, 1, (byte) family(family));
    }
    return length;
  }

  private static void checkPath(UnixDomainSocketAddress address) {
    int length = address.getPath().toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > BsdSocketAbi.UNIX_PATH_MAX) {
      throw new IllegalArgumentException(
          "the path " + address + " has " + length + " bytes, and that of a socket at most "
              + BsdSocketAbi.UNIX_PATH_MAX + " on this host");
    }
  }

  /// As [SocketAbi#decode], from the host's form, which is changed.
  public @Nullable SocketAddress decode(MemorySegment storage, int length) {
    if (bsd && length >= 2) {
      int family = storage.get(JAVA_BYTE, 1);
      boolean six = family == family(SocketAbi.AF_INET6);
      storage.set(JAVA_SHORT, 0, (short) (six ? SocketAbi.AF_INET6 : family));
    }
    return SocketAbi.decode(storage, length);
  }

  /// `struct msghdr`.
  public StructLayout message() {
    return bsd ? BsdSocketAbi.MSGHDR : SocketAbi.MSGHDR;
  }

  /// As [SocketAbi#setMessage].
  public void setMessage(
      MemorySegment message, MemorySegment name, int nameLength, MemorySegment vectors, int count) {
    if (!bsd) {
      SocketAbi.setMessage(message, name, nameLength, vectors, count);
      return;
    }
    message.fill((byte) 0);
    // The members before the number of parts are the same.
    message.set(JAVA_LONG, 0, name.address());
    message.set(JAVA_INT, 8, nameLength);
    message.set(JAVA_LONG, 16, vectors.address());
    message.set(JAVA_INT, vectorCountAt, count);
    message.set(JAVA_LONG, controlAt, 0);
  }

  /// Whether the datagram was longer than the memory for it.
  public boolean isTruncated(MemorySegment message) {
    int bit = bsd ? BsdSocketAbi.MSG_TRUNC : SocketAbi.MSG_TRUNC;
    return (message.get(JAVA_INT, flagsAt) & bit) != 0;
  }
}
