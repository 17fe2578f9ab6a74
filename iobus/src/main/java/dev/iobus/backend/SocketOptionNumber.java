package dev.iobus.backend;

import dev.iobus.posix.SocketAbi;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What Linux knows an option of a socket by, socket(7) and tcp(7). Immutable.
///
/// @param level the protocol that it belongs to
/// @param name its number there
record SocketOptionNumber(int level, int name) {

  private static final Map<SocketOption<?>, SocketOptionNumber> NUMBERS =
      Map.of(
          StandardSocketOptions.SO_REUSEADDR, ofSocket(SocketAbi.SO_REUSEADDR),
          StandardSocketOptions.SO_REUSEPORT, ofSocket(SocketAbi.SO_REUSEPORT),
          StandardSocketOptions.SO_KEEPALIVE, ofSocket(SocketAbi.SO_KEEPALIVE),
          StandardSocketOptions.SO_BROADCAST, ofSocket(SocketAbi.SO_BROADCAST),
          StandardSocketOptions.SO_RCVBUF, ofSocket(SocketAbi.SO_RCVBUF),
          StandardSocketOptions.SO_SNDBUF, ofSocket(SocketAbi.SO_SNDBUF),
          StandardSocketOptions.TCP_NODELAY,
              new SocketOptionNumber(SocketAbi.IPPROTO_TCP, SocketAbi.TCP_NODELAY));

  private static SocketOptionNumber ofSocket(int name) {
    return new SocketOptionNumber(SocketAbi.SOL_SOCKET, name);
  }

  /// The number of an option, or null for one that is not used here.
  static @Nullable SocketOptionNumber of(SocketOption<?> option) {
    return NUMBERS.get(option);
  }
}
