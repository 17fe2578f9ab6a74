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

  /// What direct transfers have to be a multiple of.
  private final int directAlignment;

  SimOpenFile(SimNode node, Path path, int bits, int directAlignment) {
    this.node = node;
    this.path = path;
    this.bits = bits;
    this.directAlignment = directAlignment;
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

  /// What addresses, places and lengths of transfers must be a multiple of, in bytes.
  int alignment() {
    return isDirect() ? directAlignment : 1;
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
