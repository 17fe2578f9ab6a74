package dev.iobus.backend;

import java.util.concurrent.locks.StampedLock;

/// Has each write to one open file of the NIO backend wait, with the worker that carries it out, until
/// the file is let go: a call that nobody can end.
///
/// Thread-safe.
public final class HeldFile implements AutoCloseable {

  private final NioFile file;
  private final StampedLock lock;
  private final long stamp;

  private HeldFile(NioFile file) {
    this.file = file;
    lock = file.length();
    stamp = lock.writeLock();
  }

  /// Takes hold of a file.
  ///
  /// @param descriptor of a file that was opened on a bus of this backend
  public static HeldFile hold(int descriptor) {
    if (NioFiles.retain(descriptor, false) instanceof NioFile file) {
      return new HeldFile(file);
    }
    throw new IllegalArgumentException("descriptor " + descriptor + " is not an open file");
  }

  @Override
  public void close() {
    lock.unlockWrite(stamp);
    NioFiles.releaseQuietly(file);
  }
}
