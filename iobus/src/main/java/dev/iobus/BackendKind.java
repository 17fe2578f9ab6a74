package dev.iobus;

/// The kernel interfaces that a bus can stand on, in order of preference.
public enum BackendKind {
  /// Linux io_uring through raw system calls; needs native access and Linux 5.11 or newer.
  IO_URING("io_uring"),
  /// `java.nio` channels on private threads; works everywhere, needs no native access.
  NIO("nio");

  private final String label;

  BackendKind(String label) {
    this.label = label;
  }

  /// The name that people read and type.
  public String label() {
    return label;
  }
}
