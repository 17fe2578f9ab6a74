package dev.iobus;

/// The kinds of sockets.
public enum SocketType {
  /// A stream of bytes between two ends: TCP, or a Unix stream socket.
  STREAM,
  /// Messages that arrive whole or not at all: UDP, or a Unix datagram socket.
  DATAGRAM
}
