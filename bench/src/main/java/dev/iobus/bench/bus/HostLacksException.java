package dev.iobus.bench.bus;

/// The host has not what a job needs: a tool, a backend, direct I/O.
final class HostLacksException extends Exception {

  private static final long serialVersionUID = 1L;

  /// @param detail what is missing, and what to do about it
  HostLacksException(String detail) {
    super(detail);
  }
}
