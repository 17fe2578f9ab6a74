package dev.iobus;

import dev.iobus.backend.SocketFamily;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import org.jspecify.annotations.Nullable;

/// A socket made or accepted through a bus. It may be used on every bus of the same backend in
/// this JVM. Thread-safe. Closed by the `close` operation of a bus, once; who uses it after that
/// gets an [IllegalStateException]. What other busses have in flight or enqueued on it is treated as
/// on an [OpenFile].
public final class OpenSocket implements BusFile {

  private final String name;
  private final int descriptor;
  private final BackendKind backend;
  private final int family;
  private final SocketType type;
  private final @Nullable SocketAddress peer;

  private final DescriptorUses uses = new DescriptorUses();

  /// @param family a number of `SocketFamily`
  /// @param peer the other end of an accepted socket, where it was told
  OpenSocket(
      int descriptor,
      BackendKind backend,
      int family,
      SocketType type,
      @Nullable SocketAddress peer) {
    this.name =
        "socket " + descriptor + (peer == null ? "" : " of " + peer);
    this.descriptor = descriptor;
    this.backend = backend;
    this.family = family;
    this.type = type;
    this.peer = peer;
  }

  /// What names it in messages.
  @Override
  public String path() {
    return name;
  }

  /// The backend whose busses can use this socket.
  @Override
  public BackendKind backend() {
    return backend;
  }

  /// Never.
  @Override
  public boolean isDirect() {
    return false;
  }

  /// The family of its addresses: UNIX, INET or INET6.
  public ProtocolFamily family() {
    return switch (family) {
      case SocketFamily.UNIX -> StandardProtocolFamily.UNIX;
      case SocketFamily.INET -> StandardProtocolFamily.INET;
      default -> StandardProtocolFamily.INET6;
    };
  }

  /// What it carries: a stream or datagrams.
  public SocketType type() {
    return type;
  }

  int familyNumber() {
    return family;
  }

  @Nullable SocketAddress acceptedFrom() {
    return peer;
  }

  /// Whether a close of it was submitted.
  public boolean isClosed() {
    return uses.isClosed();
  }

  int descriptor() {
    if (isClosed()) {
      throw new IllegalStateException(name + " is closed");
    }
    return descriptor;
  }

  DescriptorUses uses() {
    return uses;
  }

  /// Takes the right to close; at most one caller gets the descriptor.
  ///
  /// @param own operations of the caller's that need it until they have ended
  int releaseDescriptor(int own) {
    uses.close(own, name);
    return descriptor;
  }

  /// Gives the right to close back, as the close was cancelled before it took effect.
  void reopen() {
    uses.reopen();
  }

  @Override
  public String toString() {
    return "OpenSocket[" + name + (isClosed() ? ", closed]" : "]");
  }
}
