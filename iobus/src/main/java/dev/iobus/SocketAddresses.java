package dev.iobus;

import dev.iobus.backend.SocketFamily;
import dev.iobus.posix.SocketAbi;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;

/// Which addresses fit which sockets. Stateless.
final class SocketAddresses {

  private SocketAddresses() {}

  /// @throws IllegalArgumentException for an address that the socket cannot have or reach
  static void check(OpenSocket socket, SocketAddress address) {
    boolean unix = socket.familyNumber() == SocketFamily.UNIX;
    boolean fits =
        unix ? address instanceof UnixDomainSocketAddress : address instanceof InetSocketAddress;
    if (!fits) {
      throw new IllegalArgumentException(
          "the address " + address + " does not fit a socket of family " + socket.family());
    }
    if (address instanceof UnixDomainSocketAddress named) {
      int length = named.getPath().toString().getBytes(StandardCharsets.UTF_8).length;
      if (length > SocketAbi.UNIX_PATH_MAX) {
        throw new IllegalArgumentException(
            "the path " + address + " has " + length + " bytes, and that of a socket at most "
                + SocketAbi.UNIX_PATH_MAX);
      }
    }
    if (address instanceof InetSocketAddress inet) {
      if (inet.isUnresolved()) {
        throw new IllegalArgumentException(
            "the host name of " + address + " is not resolved; resolve it first");
      }
      boolean six = inet.getAddress() instanceof Inet6Address;
      if (six && socket.familyNumber() == SocketFamily.INET) {
        throw new IllegalArgumentException(
            "the address " + address + " is one of IPv6, and the socket is of family INET");
      }
    }
  }
}
