package dev.iobus.backend;

/// A scheduler that is also a host: busses that take their time and threads from it get their
/// backend from it, too.
public interface SimulatedHost {

  /// A backend on this host.
  ///
  /// @param requests that may be between prepare and completion at one time, at least 1
  SimulatedBackend openBackend(int requests);
}
