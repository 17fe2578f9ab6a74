package dev.iobus.uring;

/// A ring that could not be set up, with the kernel's error number and the step that failed.
public final class UringSetupException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int errno;

  /// @param errno the positive error number; 0 for a kernel without something needed
  /// @param step the call that failed, or what is missing
  public UringSetupException(int errno, String step) {
    super(step);
    this.errno = errno;
  }

  /// The positive error number; 0 when the kernel has io_uring, but without something needed.
  public int errno() {
    return errno;
  }
}
