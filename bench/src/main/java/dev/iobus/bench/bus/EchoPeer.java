package dev.iobus.bench.bus;

/// Another library that can echo. Implementations come with the build's profile `peers` and are
/// found as services.
public interface EchoPeer {

  /// Its name among the subjects.
  String name();

  /// Starts a server.
  ///
  /// @throws HostLacksException when it cannot run on this host
  EchoServer start() throws Exception;
}
