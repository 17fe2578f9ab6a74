package dev.iobus.sim;

import dev.iobus.backend.PollBits;
import dev.iobus.backend.SocketFamily;
import dev.iobus.posix.Errno;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One socket, a stream or one for datagrams, and what it is at the moment.
///
/// To faults both ends of a connection have the name of the listening one: `port-4000`, or the path of
/// family UNIX; a socket for datagrams has its own.
///
/// Confined to the holder of the baton.
final class SimSocket extends SimDescription {

  private enum State {
    IDLE,
    CONNECTING,
    CONNECTED,
    LISTENING
  }

  private static final Set<SocketOption<?>> OPTIONS =
      Set.of(
          StandardSocketOptions.SO_REUSEADDR,
          StandardSocketOptions.SO_KEEPALIVE,
          StandardSocketOptions.SO_BROADCAST,
          StandardSocketOptions.SO_RCVBUF,
          StandardSocketOptions.SO_SNDBUF,
          StandardSocketOptions.TCP_NODELAY);

  private final SimNetwork network;
  private final int family;
  private final boolean datagram;
  private final SimMailbox mailbox;
  private final Map<SocketOption<?>, Integer> options = new HashMap<>();

  private State state = State.IDLE;
  private @Nullable SocketAddress local;
  private @Nullable SocketAddress peer;
  private Path path = Path.of("unnamed");

  private @Nullable SimListener listener;

  // Of a connection.
  private @Nullable SimSocket other;
  private @Nullable SimStream incoming;
  private @Nullable SimStream outgoing;
  private boolean inputShut;
  private boolean outputShut;

  private boolean broken;

  private boolean closed;

  /// What has gone wrong and was told to nobody, a positive error number; 0 for nothing.
  private int error;

  /// @param family a number of [SocketFamily]
  SimSocket(SimNetwork network, int family, boolean datagram) {
    this.network = network;
    this.family = family;
    this.datagram = datagram;
    mailbox = new SimMailbox(network);
    options.put(StandardSocketOptions.SO_RCVBUF, network.receiveBytes());
    options.put(StandardSocketOptions.SO_SNDBUF, network.receiveBytes());
  }

  SimNetwork network() {
    return network;
  }

  int family() {
    return family;
  }

  boolean isDatagram() {
    return datagram;
  }

  @Nullable SocketAddress local() {
    return local;
  }

  @Nullable SocketAddress peer() {
    return peer;
  }

  @Override
  Path path() {
    return path;
  }

  boolean isIdle() {
    return state == State.IDLE;
  }

  boolean isConnecting() {
    return state == State.CONNECTING;
  }

  boolean isConnected() {
    return state == State.CONNECTED;
  }

  boolean isListening() {
    return state == State.LISTENING;
  }

  // Addresses.

  void bind(SocketAddress address) throws SimErrno {
    if (local != null) {
      throw new SimErrno(Errno.EINVAL);
    }
    local = network.addresses().bind(this, address);
    path = pathOf(local);
  }

  /// Takes any address, if it has none, with which it reaches another.
  void bindToReach(SocketAddress target) throws SimErrno {
    if (local == null && family != SocketFamily.UNIX) {
      bind(SimAddresses.anyPortToReach(target));
    }
  }

  /// What faults know a socket by that has this address.
  static Path pathOf(SocketAddress address) {
    return address instanceof UnixDomainSocketAddress unix
        ? unix.getPath()
        : Path.of("port-" + ((InetSocketAddress) address).getPort());
  }

  // Connections.

  void listen(int backlog) throws SimErrno {
    SimListener present = listener;
    if (present != null) {
      present.setBacklog(backlog);
      return;
    }
    if (state != State.IDLE || (local == null && family == SocketFamily.UNIX)) {
      throw new SimErrno(Errno.EINVAL);
    }
    if (local == null) {
      bind(SimAddresses.any(family));
    }
    listener = new SimListener(this, backlog);
    state = State.LISTENING;
  }

  /// Whom it takes connections with; it must listen.
  SimListener listener() {
    SimListener present = listener;
    assert present != null : "the socket does not listen";
    return present;
  }

  /// Sets the address that datagrams go to and come from.
  void connectDatagrams(SocketAddress to) throws SimErrno {
    bindToReach(to);
    peer = to;
  }

  /// Begins to connect: a little later it reaches who listens, or nobody.
  void connect(SocketAddress to, long delayNanos) throws SimErrno {
    bindToReach(to);
    peer = to;
    path = pathOf(to);
    state = State.CONNECTING;
    network.at(network.arrivalNanos(family, delayNanos), () -> knock(to));
  }

  private void knock(SocketAddress to) {
    if (state != State.CONNECTING) {
      return;
    }
    try {
      SimSocket found = network.addresses().find(to, false);
      if (found == null || !found.isListening()) {
        throw new SimErrno(Errno.ECONNREFUSED);
      }
      found.listener().knock(this);
    } catch (SimErrno e) {
      refuse(-e.negated());
    }
  }

  /// The listening socket is closed before it has taken the connection.
  void refuse() {
    refuse(Errno.ECONNREFUSED);
  }

  private void refuse(int errno) {
    if (state == State.CONNECTING) {
      state = State.IDLE;
      peer = null;
      fail(errno);
    }
  }

  /// Ends to connect. Returns the other end, which nobody has accepted yet.
  SimSocket connectTo(SimSocket listening) {
    SimSocket accepted = new SimSocket(network, listening.family, false);
    accepted.options.putAll(listening.options);
    accepted.local = peer;
    accepted.peer = local;
    accepted.path = path;
    accepted.join(this);
    join(accepted);
    incoming = new SimStream(network, accepted, this, receiveBytes());
    outgoing = new SimStream(network, this, accepted, accepted.receiveBytes());
    accepted.incoming = outgoing;
    accepted.outgoing = incoming;
    network.changed(this);
    return accepted;
  }

  private void join(SimSocket end) {
    state = State.CONNECTED;
    other = end;
  }

  /// What comes from the other end; it must be connected.
  SimStream incoming() {
    SimStream present = incoming;
    assert present != null : "the socket is not connected";
    return present;
  }

  /// What goes to the other end; it must be connected.
  SimStream outgoing() {
    SimStream present = outgoing;
    assert present != null : "the socket is not connected";
    return present;
  }

  void shutdown(boolean input, boolean output) throws SimErrno {
    if (state != State.CONNECTED && !(datagram && peer != null)) {
      throw new SimErrno(Errno.ENOTCONN);
    }
    inputShut |= input;
    outputShut |= output;
    if (output && outgoing != null) {
      outgoing.finish();
    }
    network.changed(this);
  }

  /// Whether nothing will be received any more but what is there.
  boolean hasInputEnded() {
    return inputShut || broken || (incoming != null && incoming.hasEnded());
  }

  /// Whether nothing can be sent any more.
  boolean hasOutputEnded() {
    SimStream stream = outgoing;
    boolean closedByName = family == SocketFamily.UNIX && stream != null && stream.isDeaf();
    return outputShut || broken || closedByName || (stream != null && stream.isFinished());
  }

  /// Breaks the connection: what is under way is lost in both directions. The other end hears of it a
  /// little later. Once only.
  void reset() {
    SimSocket end = other;
    if (broken || incoming == null || outgoing == null || end == null) {
      return;
    }
    incoming.breakOff();
    outgoing.breakOff();
    broken = true;
    network.changed(this);
    network.at(
        network.arrivalNanos(family, 0),
        () -> {
          end.broken = true;
          end.fail(end.incoming().hasEnded() ? Errno.EPIPE : Errno.ECONNRESET);
        });
  }

  /// Whether it knows that the connection is broken, and so has no peer any more.
  boolean isBroken() {
    return broken;
  }

  /// Keeps an error for the next who asks.
  ///
  /// @param errno positive
  void fail(int errno) {
    error = errno;
    network.changed(this);
  }

  boolean hasFailed() {
    return error != 0;
  }

  /// Takes the error that was kept: a negated number, or 0.
  int takeError() {
    int taken = error;
    error = 0;
    return -taken;
  }

  // Datagrams.

  SimMailbox mailbox() {
    return mailbox;
  }

  /// Whether a datagram of this sender is let in: not by one that is closed or connected to another.
  boolean isWantedFrom(@Nullable SocketAddress sender) {
    return !closed && (peer == null || peer.equals(sender));
  }

  // All sockets.

  @Override
  int readiness() {
    if (datagram) {
      boolean readable = !mailbox.isEmpty() || inputShut;
      return (readable ? PollBits.READABLE : 0) | PollBits.WRITABLE | errorBit();
    }
    return switch (state) {
      case IDLE -> PollBits.WRITABLE | PollBits.HANGUP | errorBit();
      case CONNECTING -> 0;
      case LISTENING -> listener().hasConnections() ? PollBits.READABLE : 0;
      case CONNECTED -> {
        boolean in = incoming().arrived() > 0 || hasInputEnded();
        boolean out = outgoing().room() > 0 || hasOutputEnded();
        boolean over = hasInputEnded() && hasOutputEnded();
        yield (in ? PollBits.READABLE : 0)
            | (out ? PollBits.WRITABLE : 0)
            | (over ? PollBits.HANGUP : 0)
            | errorBit();
      }
    };
  }

  private int errorBit() {
    return hasFailed() ? PollBits.ERROR | PollBits.READABLE : 0;
  }

  /// As setsockopt(2): 0 or a negated error number.
  int setOption(SocketOption<?> option, int value) {
    if (!OPTIONS.contains(option)) {
      return -Errno.EOPNOTSUPP;
    }
    options.put(option, value);
    return 0;
  }

  /// As getsockopt(2): the value or a negated error number.
  int option(SocketOption<?> option) {
    return OPTIONS.contains(option) ? options.getOrDefault(option, 0) : -Errno.EOPNOTSUPP;
  }

  private int receiveBytes() {
    return Math.max(1, option(StandardSocketOptions.SO_RCVBUF));
  }

  /// As the last close of a socket: bytes that nobody has received make a reset of the end.
  @Override
  void end() {
    network.addresses().free(this);
    mailbox.close();
    SimListener listening = listener;
    if (listening != null) {
      listening.close();
    }
    if (incoming != null && outgoing != null) {
      if (incoming.holdsBytes()) {
        reset();
      } else {
        outgoing.finish();
      }
      incoming.deafen();
    }
    state = State.IDLE;
    closed = true;
  }
}
