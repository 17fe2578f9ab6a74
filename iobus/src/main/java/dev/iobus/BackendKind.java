package dev.iobus;

/// The kernel interfaces that a bus can stand on. Unasked, a bus takes io_uring, or else NIO.
public enum BackendKind {
  /// Linux io_uring through raw system calls; needs native access and Linux 5.11 or newer.
  IO_URING("io_uring"),
  /// kqueue of macOS and FreeBSD, with files on private threads; needs native access. It is proven
  /// on libkqueue on Linux, by the system property `dev.iobus.kqueue.library`, and not yet on the
  /// hosts that it is for: so it is taken only when it is asked for.
  KQUEUE("kqueue"),
  /// `java.nio` channels on private threads; works everywhere, needs no native access.
  NIO("nio"),
  /// The host that a simulating scheduler brings ([dev.iobus.sim.SimScheduler]): whoever has such a
  /// scheduler stands on it, and nobody else can.
  SIMULATED("simulated");

  private final String label;

  BackendKind(String label) {
    this.label = label;
  }

  /// The name that people read and type.
  public String label() {
    return label;
  }
}
