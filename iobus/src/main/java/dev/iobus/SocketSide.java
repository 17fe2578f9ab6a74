package dev.iobus;

/// What [Bus#shutdown] ends of a connection, shutdown(2).
public enum SocketSide {
  /// Later receives find the end.
  INPUT(0),
  /// The peer finds the end; later sends fail with EPIPE.
  OUTPUT(1),
  /// Both of these.
  BOTH(2);

  private final int number;

  SocketSide(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
