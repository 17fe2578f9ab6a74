package dev.iobus.bench.measure;

/// The store gave an answer that is not what was written. Ends a run with exit code 1.
public final class MismatchException extends Exception {

  private static final long serialVersionUID = 1L;

  /// @param detail the key, what was expected and what was found
  public MismatchException(String detail) {
    super(detail);
  }
}
