package dev.iobus.uring;

/// System calls of a test's own that keep something of the rings that were opened through them.
public interface OpenedKernel extends UringSyscalls, AutoCloseable {

  /// Lets go of the rings that were opened; they must be closed.
  @Override
  void close();
}
