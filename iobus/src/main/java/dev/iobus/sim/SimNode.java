package dev.iobus.sim;

import org.jspecify.annotations.Nullable;

/// What a name stands for. Confined to the holder of the disk.
abstract sealed class SimNode 
    permits SimFile, SimDirectory, SimSymbolicLink, SimSocketName {

  private final long inode;
  private long modifiedMillis;
  private @Nullable SimOpenFile lockOwner;

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

  /// As an OFD lock of fcntl(2): false while another open file has it.
  final boolean lock(SimOpenFile owner) {
    if (lockOwner == null) {
      lockOwner = owner;
    }
    return lockOwner == owner;
  }

  final void unlock() {
    lockOwner = null;
  }

  final void unlock(SimOpenFile owner) {
    if (lockOwner == owner) {
      lockOwner = null;
    }
  }
}
