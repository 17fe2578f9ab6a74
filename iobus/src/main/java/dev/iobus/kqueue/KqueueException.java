package dev.iobus.kqueue;

/// A queue could not be made. The message names the call, or what is missing and what to do.
public final class KqueueException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int errno;

  KqueueException(int errno, String message) {
    super(message);
    this.errno = errno;
  }

  /// The positive Linux error number; 0 when this host, or this process, has no kqueue at all.
  public int errno() {
    return errno;
  }
}
