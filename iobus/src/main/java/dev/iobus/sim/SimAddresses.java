package dev.iobus.sim;

import dev.iobus.backend.SocketFamily;
import dev.iobus.posix.Errno;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Which socket has which address: ports of the loopback interface, and names in the file system.
/// Confined to the holder of the baton.
///
/// The host has the addresses 127.0.0.0/8 and ::1, and no other. A port that a closed socket had is
/// free at once.
final class SimAddresses {

  /// `net.ipv4.ip_local_port_range` of a usual host.
  private static final int PORT_FIRST = 32_768;
  private static final int PORT_LAST = 60_999;

  private static final byte[] SIX_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  private final SimDisk disk;
  private final RandomGenerator random;

  // Looked up and never walked: their order decides nothing.
  private final Map<Integer, List<SimSocket>> streams = new HashMap<>();
  private final Map<Integer, List<SimSocket>> datagrams = new HashMap<>();
  private final IdentityHashMap<SimNode, SimSocket> names = new IdentityHashMap<>();

  SimAddresses(SimDisk disk, RandomGenerator random) {
    this.disk = disk;
    this.random = random;
  }

  /// Gives a socket an address. Returns it, with the port that was chosen.
  SocketAddress bind(SimSocket socket, SocketAddress wanted) throws SimErrno {
    if (wanted instanceof UnixDomainSocketAddress name) {
      names.put(disk.createSocketName(name.getPath()), socket);
      return wanted;
    }
    InetSocketAddress inet = (InetSocketAddress) wanted;
    InetAddress address = inet.getAddress();
    if (!address.isLoopbackAddress() && !address.isAnyLocalAddress()) {
      throw new SimErrno(Errno.EADDRNOTAVAIL);
    }
    int port = inet.getPort() == 0 ? freePort(socket, address) : inet.getPort();
    if (isTaken(socket, address, port)) {
      throw new SimErrno(Errno.EADDRINUSE);
    }
    ports(socket).computeIfAbsent(port, number -> new ArrayList<>()).add(socket);
    return new InetSocketAddress(address, port);
  }

  private int freePort(SimSocket socket, InetAddress address) throws SimErrno {
    int count = PORT_LAST - PORT_FIRST + 1;
    int start = random.nextInt(count);
    for (int i = 0; i < count; i++) {
      int port = PORT_FIRST + (start + i) % count;
      if (!isTaken(socket, address, port)) {
        return port;
      }
    }
    throw new SimErrno(Errno.EADDRINUSE);
  }

  private boolean isTaken(SimSocket socket, InetAddress address, int port) {
    for (SimSocket other : ports(socket).getOrDefault(port, List.of())) {
      InetAddress taken = addressOf(other);
      boolean overlaps =
          taken.equals(address)
              || (taken.isAnyLocalAddress() && reaches(taken, address))
              || (address.isAnyLocalAddress() && reaches(address, taken));
      if (overlaps) {
        return true;
      }
    }
    return false;
  }

  /// The socket that an address leads to.
  ///
  /// @return null when there is none; of a name that is there, too
  /// @throws SimErrno when a name is not there, or the host not reached
  @Nullable SimSocket find(SocketAddress address, boolean datagram) throws SimErrno {
    if (address instanceof UnixDomainSocketAddress name) {
      SimSocket found = names.get(disk.names().find(name.getPath(), true));
      return found == null || found.isDatagram() != datagram ? null : found;
    }
    InetSocketAddress inet = (InetSocketAddress) address;
    if (!inet.getAddress().isLoopbackAddress()) {
      throw new SimErrno(Errno.ENETUNREACH);
    }
    Map<Integer, List<SimSocket>> ports = datagram ? datagrams : streams;
    SimSocket found = null;
    for (SimSocket socket : ports.getOrDefault(inet.getPort(), List.of())) {
      InetAddress bound = addressOf(socket);
      if (bound.equals(inet.getAddress())) {
        return socket;
      }
      if (bound.isAnyLocalAddress() && reaches(bound, inet.getAddress())) {
        found = socket;
      }
    }
    return found;
  }

  /// Whether a socket that is bound to any address gets what is sent to this one: that of IPv6 gets
  /// both families.
  private static boolean reaches(InetAddress any, InetAddress address) {
    return !(any instanceof Inet4Address) || address instanceof Inet4Address;
  }

  private static InetAddress addressOf(SimSocket socket) {
    InetSocketAddress bound = (InetSocketAddress) socket.local();
    assert bound != null : "a socket without an address has a port";
    return bound.getAddress();
  }

  private Map<Integer, List<SimSocket>> ports(SimSocket socket) {
    return socket.isDatagram() ? datagrams : streams;
  }

  /// Frees the address of a socket. A name stays in its directory.
  void free(SimSocket socket) {
    if (socket.local() instanceof InetSocketAddress bound) {
      List<SimSocket> all = ports(socket).get(bound.getPort());
      if (all != null && all.remove(socket) && all.isEmpty()) {
        ports(socket).remove(bound.getPort());
      }
    } else {
      names.values().remove(socket);
    }
  }

  /// Where a socket gets that connects or sends to an address: that of this host for any.
  static SocketAddress target(SocketAddress address) {
    if (address instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress()) {
      return new InetSocketAddress(loopback(inet.getAddress()), inet.getPort());
    }
    return address;
  }

  private static InetAddress loopback(InetAddress like) {
    try {
      return InetAddress.getByAddress(
          like instanceof Inet4Address ? new byte[] {127, 0, 0, 1} : SIX_LOOPBACK);
    } catch (UnknownHostException e) {
      throw new AssertionError(e); // Which addresses of a right length never are.
    }
  }

  /// What a socket that never asked for an address gets before it speaks to another.
  static SocketAddress anyPortToReach(SocketAddress target) {
    return new InetSocketAddress(((InetSocketAddress) target).getAddress(), 0);
  }

  /// What a socket of this family gets that listens without an address.
  static SocketAddress any(int family) {
    try {
      int length = family == SocketFamily.INET ? 4 : 16;
      return new InetSocketAddress(InetAddress.getByAddress(new byte[length]), 0);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
