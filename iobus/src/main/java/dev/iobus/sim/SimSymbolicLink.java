package dev.iobus.sim;

import java.nio.file.Path;

/// A name that leads to another path. Immutable.
final class SimSymbolicLink extends SimNode {

  private final Path target;

  SimSymbolicLink(long inode, Path target) {
    super(inode);
    this.target = target;
  }

  Path target() {
    return target;
  }
}
