package dev.iobus.bench.bus;

import java.io.IOException;

/// A server in this process that sends back what each connection sends. Closing it ends it.
public interface EchoServer extends AutoCloseable {

  /// Where it listens on the loopback address.
  int port();

  /// What it stands on, in one line.
  String describe();

  @Override
  void close() throws IOException;
}
