package dev.iobus.sim;

/// What a name stands for. Confined to the holder of the disk.
abstract sealed class SimNode permits SimFile, SimDirectory, SimSymbolicLink {

  private final long inode;
  private long modifiedMillis;

  SimNode(long inode) {
    this.inode = inode;
  }

  final long inode() {
    return inode;
  }

  final long modifiedMillis() {
    return modifiedMillis;
  }

  final void modified(long millis) {
    modifiedMillis = millis;
  }
}
