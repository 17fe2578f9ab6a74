package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// One socket of the NIO backend. Its channel is never blocking, so that no call on it can be
/// interrupted: only a blocking call lets an interrupt close a channel.
///
/// A stream socket begins as a `SocketChannel`, which binds and connects; listen(2) puts a
/// `ServerSocketChannel` in its place, and a failed connect a new `SocketChannel`, since
/// `java.nio` closes the old one. The options that were set go with it.
///
/// Thread-safe. The monitor is a leaf but for [NioSelector#flush()].
final class NioSocket extends NioDescription {

  private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

  private final ProtocolFamily family;

  /// Those that have waited for this socket, and keep its descriptor until they are flushed.
  private final List<NioSelector> selectors = new CopyOnWriteArrayList<>();

  // Changed under the monitor.
  private volatile SelectableChannel channel;
  private final Map<SocketOption<?>, Object> wanted = new HashMap<>();
  /// What bind was given; for a new channel after a failed connect.
  private @Nullable SocketAddress boundTo;

  private NioSocket(ProtocolFamily family, SelectableChannel channel) {
    this.family = family;
    this.channel = channel;
  }

  /// socket(2).
  ///
  /// @throws UnsupportedOperationException for a family that the host does not have
  static NioSocket open(int number, boolean datagram) throws IOException {
    ProtocolFamily family =
        switch (number) {
          case SocketFamily.UNIX -> StandardProtocolFamily.UNIX;
          case SocketFamily.INET -> StandardProtocolFamily.INET;
          case SocketFamily.INET6 -> StandardProtocolFamily.INET6;
          default -> throw new IllegalArgumentException("socket family " + number);
        };
    SelectableChannel channel =
        datagram ? DatagramChannel.open(family) : SocketChannel.open(family);
    return new NioSocket(family, unblocked(channel));
  }

  /// A socket of an accepted connection.
  private NioSocket accepted(SocketChannel peer, ServerSocketChannel server) throws IOException {
    NioSocket socket = new NioSocket(family, unblocked(peer));
    synchronized (this) {
      for (Map.Entry<SocketOption<?>, Object> option : wanted.entrySet()) {
        boolean inherits = !server.supportedOptions().contains(option.getKey());
        if (inherits && peer.supportedOptions().contains(option.getKey())) {
          set(peer, option.getKey(), option.getValue());
        }
      }
    }
    return socket;
  }

  private static <C extends SelectableChannel> C unblocked(C channel) throws IOException {
    try {
      channel.configureBlocking(false);
      return channel;
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  @Override
  String name() {
    return "socket " + channel;
  }

  SelectableChannel channel() {
    return channel;
  }

  boolean isListening() {
    return channel instanceof ServerSocketChannel;
  }

  /// Whether a connect has begun and not ended.
  boolean isPending() {
    return channel instanceof SocketChannel stream && stream.isConnectionPending();
  }

  /// Whether it is a stream that neither is nor will be connected.
  boolean isIdle() {
    return channel instanceof SocketChannel stream
        && !stream.isConnected()
        && !stream.isConnectionPending();
  }

  /// A selector waits for this socket for the first time.
  void joined(NioSelector selector) {
    selectors.add(selector);
  }

  void left(NioSelector selector) {
    selectors.remove(selector);
  }

  @Override
  void close() throws IOException {
    // A channel that a selector knows is shut down before it is closed, so that its peer is told of an
    // end of the stream where bytes that nobody has received make it a reset.
    letGo();
    try {
      channel.close();
    } finally {
      for (NioSelector selector : selectors) {
        selector.forget(this);
      }
      if (channel.isRegistered()) {
        flush();
      }
    }
  }

  /// Has the selectors forget the channel. Nothing waits for it.
  private void letGo() {
    boolean known = false;
    for (NioSelector selector : selectors) {
      known |= selector.cancel(channel);
    }
    if (known) {
      flush();
    }
  }

  /// The descriptor of a closed channel is closed when the last selector has let go of it.
  private void flush() {
    for (NioSelector selector : selectors) {
      selector.flush();
    }
  }

  /// bind(2). An error is told at once, and the port is the true one.
  synchronized int bind(SocketAddress address) throws IOException {
    switch (channel) {
      case SocketChannel stream -> stream.bind(address);
      case DatagramChannel datagram -> datagram.bind(address);
      default -> {
        return -Errno.EINVAL;
      }
    }
    boundTo = address;
    return 0;
  }

  /// listen(2).
  synchronized int listen(int backlog) throws IOException {
    if (channel instanceof ServerSocketChannel) {
      return 0;
    }
    if (!(channel instanceof SocketChannel stream)) {
      return -Errno.EOPNOTSUPP;
    }
    SocketAddress address = stream.getLocalAddress();
    if (stream.isConnected() || stream.isConnectionPending()) {
      return -Errno.EINVAL;
    }
    if (address == null && family == StandardProtocolFamily.UNIX) {
      return -Errno.EINVAL;
    }
    ServerSocketChannel server = unblocked(ServerSocketChannel.open(family));
    boolean listens = false;
    try {
      if (!WINDOWS && family != StandardProtocolFamily.UNIX) {
        // The JDK switches it on for servers; the kernel does not.
        server.setOption(StandardSocketOptions.SO_REUSEADDR, false);
      }
      copyOptions(server);
      replace(stream, null);
      if (address instanceof UnixDomainSocketAddress named) {
        Files.deleteIfExists(named.getPath()); // Made by our bind; its name must be free again.
      }
      server.bind(address, backlog);
      channel = server;
      listens = true;
      return 0;
    } finally {
      if (!listens) {
        server.close();
        if (!stream.isOpen()) {
          channel = unblocked(SocketChannel.open(family));
          copyOptions((NetworkChannel) channel);
        }
      }
    }
  }

  /// Begins to connect, connect(2). Returns whether it has ended.
  synchronized boolean connect(SocketAddress address) throws IOException {
    switch (channel) {
      case DatagramChannel datagram -> {
        if (datagram.isConnected()) {
          datagram.disconnect();
        }
        datagram.connect(address);
        return true;
      }
      case SocketChannel stream -> {
        try {
          return stream.connect(address);
        } catch (IOException e) {
          renew(stream);
          throw e;
        }
      }
      default -> throw new java.nio.channels.AlreadyConnectedException();
    }
  }

  /// Ends a connect that has begun. Returns false while it goes on.
  synchronized boolean finishConnect() throws IOException {
    if (!(channel instanceof SocketChannel stream)) {
      return true;
    }
    try {
      return stream.finishConnect();
    } catch (IOException e) {
      renew(stream);
      throw e;
    }
  }

  /// Takes a new channel after a failed connect, which the kernel lets one try again.
  private void renew(SocketChannel failed) throws IOException {
    SocketChannel fresh = unblocked(SocketChannel.open(family));
    copyOptions(fresh);
    replace(failed, fresh);
    if (boundTo != null && family != StandardProtocolFamily.UNIX) {
      fresh.bind(boundTo);
    }
  }

  private void replace(SocketChannel old, @Nullable SocketChannel fresh) throws IOException {
    old.close();
    if (fresh != null) {
      channel = fresh;
    }
    flush();
    for (NioSelector selector : selectors) {
      selector.recheck(this);
    }
  }

  /// accept(2). Returns null while nobody connects.
  @Nullable NioSocket accept(ServerSocketChannel server) throws IOException {
    SocketChannel peer = server.accept();
    if (peer == null) {
      return null;
    }
    try {
      return accepted(peer, server);
    } catch (IOException | RuntimeException | Error e) {
      peer.close();
      throw e;
    }
  }

  /// shutdown(2).
  ///
  /// @param side 0 for input, 1 for output, 2 for both
  int shutdown(int side) throws IOException {
    if (!(channel instanceof SocketChannel stream)) {
      return -Errno.EOPNOTSUPP;
    }
    if (side != 1) {
      stream.shutdownInput();
    }
    if (side != 0) {
      stream.shutdownOutput();
    }
    return 0;
  }

  @Nullable SocketAddress localAddress() throws IOException {
    return ((NetworkChannel) channel).getLocalAddress();
  }

  @Nullable SocketAddress peerAddress() throws IOException {
    SocketAddress peer =
        switch (channel) {
          case SocketChannel stream -> stream.getRemoteAddress();
          case DatagramChannel datagram -> datagram.getRemoteAddress();
          default -> null;
        };
    return named(peer);
  }

  /// Null for the end of a UNIX socket that was never bound.
  private static @Nullable SocketAddress named(@Nullable SocketAddress address) {
    boolean unnamed =
        address instanceof UnixDomainSocketAddress unix && unix.getPath().toString().isEmpty();
    return unnamed ? null : address;
  }

  /// Sets an option, now and for every channel that takes the place of this one.
  synchronized int setOption(SocketOption<?> option, int number) throws IOException {
    NetworkChannel present = (NetworkChannel) channel;
    Object value;
    if (option.type() == Boolean.class) {
      value = number != 0;
    } else if (option.type() == Integer.class) {
      value = number;
    } else {
      return -Errno.EOPNOTSUPP;
    }
    boolean inherited =
        isListening()
            && (option.equals(StandardSocketOptions.SO_KEEPALIVE)
                || option.equals(StandardSocketOptions.TCP_NODELAY)
                || option.equals(StandardSocketOptions.SO_SNDBUF));
    if (present.supportedOptions().contains(option)) {
      set(present, option, value);
    } else if (!inherited) {
      return -Errno.EOPNOTSUPP;
    }
    wanted.put(option, value);
    return 0;
  }

  synchronized int option(SocketOption<?> option) throws IOException {
    NetworkChannel present = (NetworkChannel) channel;
    Object value =
        present.supportedOptions().contains(option)
            ? present.getOption(option)
            : wanted.get(option);
    return switch (value) {
      case Boolean on -> on ? 1 : 0;
      case Integer number -> number;
      case null, default -> -Errno.EOPNOTSUPP;
    };
  }

  private void copyOptions(NetworkChannel target) throws IOException {
    for (Map.Entry<SocketOption<?>, Object> option : wanted.entrySet()) {
      if (target.supportedOptions().contains(option.getKey())) {
        set(target, option.getKey(), option.getValue());
      }
    }
  }

  private static <T> void set(NetworkChannel channel, SocketOption<T> option, Object value)
      throws IOException {
    channel.setOption(option, option.type().cast(value));
  }
}
