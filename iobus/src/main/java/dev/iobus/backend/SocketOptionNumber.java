package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.posix.HostSocketAbi;
import dev.iobus.posix.SocketAbi;
import dev.iobus.posix.SocketCalls;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/// What the host knows an option of a socket by, socket(7) and tcp(7). Immutable.
///
/// @param level the protocol that it belongs to
/// @param name its number there
record SocketOptionNumber(int level, int name) {

  private static final HostSocketAbi ABI = HostSocketAbi.current();

  private static final Map<SocketOption<?>, SocketOptionNumber> NUMBERS =
      Map.of(
          StandardSocketOptions.SO_REUSEADDR, ofSocket(ABI.reuseAddress()),
          StandardSocketOptions.SO_REUSEPORT, ofSocket(ABI.reusePort()),
          StandardSocketOptions.SO_KEEPALIVE, ofSocket(ABI.keepAlive()),
          StandardSocketOptions.SO_BROADCAST, ofSocket(ABI.broadcast()),
          StandardSocketOptions.SO_RCVBUF, ofSocket(ABI.receiveBuffer()),
          StandardSocketOptions.SO_SNDBUF, ofSocket(ABI.sendBuffer()),
          StandardSocketOptions.TCP_NODELAY,
              new SocketOptionNumber(SocketAbi.IPPROTO_TCP, SocketAbi.TCP_NODELAY));

  private static SocketOptionNumber ofSocket(int name) {
    return new SocketOptionNumber(ABI.socketLevel(), name);
  }

  /// As [Backend#setOption], on a descriptor of the host.
  static int set(int descriptor, SocketOption<?> option, int value) {
    SocketOptionNumber number = NUMBERS.get(option);
    return number == null
        ? -Errno.EOPNOTSUPP
        : SocketCalls.setsockopt(descriptor, number.level, number.name, value);
  }

  /// As [Backend#option], on a descriptor of the host.
  static int get(int descriptor, SocketOption<?> option) {
    SocketOptionNumber number = NUMBERS.get(option);
    return number == null
        ? -Errno.EOPNOTSUPP
        : SocketCalls.getsockopt(descriptor, number.level, number.name);
  }
}
