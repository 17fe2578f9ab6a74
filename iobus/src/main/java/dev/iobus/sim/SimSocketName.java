package dev.iobus.sim;

/// A name that a socket of family UNIX was bound to; it outlives the socket. Immutable.
final class SimSocketName extends SimNode {

  SimSocketName(long inode) {
    super(inode);
  }
}
