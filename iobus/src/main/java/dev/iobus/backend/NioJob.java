package dev.iobus.backend;

import org.jspecify.annotations.Nullable;

/// A request on its way through the NIO backend.
final class NioJob extends Job<NioJob> {

  /// The file that the request names, resolved and referenced when it was prepared, as the kernel
  /// does; null for requests without one, and where there is no such file.
  @Nullable NioDescription file;

  /// Whether the request is one to close a socket, which waits for nothing.
  boolean closesSocket;

  /// Whether the file is resolved only when the request is carried out, because a slot may be
  /// filled by a request before it in the run.
  boolean resolvesLate;
}
