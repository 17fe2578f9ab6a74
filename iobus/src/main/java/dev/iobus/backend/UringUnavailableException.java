package dev.iobus.backend;

/// io_uring cannot be used here; the message names the one cause and its remedy.
public final class UringUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int errno;
  private final boolean fallback;

  UringUnavailableException(int errno, boolean fallback, String message) {
    super(message);
    this.errno = errno;
    this.fallback = fallback;
  }

  /// The positive Linux error number; 0 when no system call was refused: not Linux, no native
  /// access, or a kernel without something needed.
  public int errno() {
    return errno;
  }

  /// Whether another backend may be chosen in its place, with this message as the reason. False
  /// for a shortage that would only be hidden so.
  public boolean fallback() {
    return fallback;
  }
}
