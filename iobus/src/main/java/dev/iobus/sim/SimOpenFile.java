package dev.iobus.sim;

import dev.iobus.backend.OpenBits;
import java.nio.file.Path;

/// One opening of a file: what a descriptor stands for, and operations in flight hold on to.
///
/// Confined to the holder of the baton.
final class SimOpenFile {

  private final SimNode node;
  private final Path path;
  private final int bits;
  private int references = 1;

  SimOpenFile(SimNode node, Path path, int bits) {
    this.node = node;
    this.path = path;
    this.bits = bits;
  }

  SimNode node() {
    return node;
  }

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

  void retain() {
    references++;
  }

  /// Lets go of one reference; the last one gives back a lock.
  void release() {
    if (--references == 0) {
      node.unlock(this);
    }
  }
}
