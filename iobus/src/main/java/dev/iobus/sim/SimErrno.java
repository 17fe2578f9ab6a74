package dev.iobus.sim;

/// A refusal inside the simulated kernel, on its way to a negated error number. Immutable.
final class SimErrno extends Exception {

  private static final long serialVersionUID = 1;

  private final int number;

  /// @param number a positive number of [dev.iobus.posix.Errno]
  SimErrno(int number) {
    super("errno " + number, null, false, false);
    this.number = number;
  }

  /// As a backend answers.
  int negated() {
    return -number;
  }
}
