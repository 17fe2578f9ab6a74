package dev.iobus.sim;

import dev.iobus.backend.OpenBits;
import dev.iobus.backend.PollBits;
import java.nio.file.Path;

/// One opening of a file.
///
/// Confined to the holder of the baton.
final class SimOpenFile extends SimDescription {

  private final SimNode node;
  private final Path path;
  private final int bits;

  SimOpenFile(SimNode node, Path path, int bits) {
    this.node = node;
    this.path = path;
    this.bits = bits;
  }

  SimNode node() {
    return node;
  }

  @Override
  Path path() {
    return path;
  }

  boolean reads() {
    return (bits & OpenBits.READ) != 0 || !writes();
  }

  boolean writes() {
    return (bits & OpenBits.WRITE) != 0;
  }

  boolean isDirect() {
    return (bits & OpenBits.DIRECT) != 0;
  }

  /// A file never makes anybody wait.
  @Override
  int readiness() {
    return PollBits.READABLE | PollBits.WRITABLE;
  }

  /// Gives back a lock.
  @Override
  void end() {
    node.unlock(this);
  }
}
