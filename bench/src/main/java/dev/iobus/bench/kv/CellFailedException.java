package dev.iobus.bench.kv;

/// A cell gave no number: a wrong answer, or its process ended early. Ends the job with exit code 1.
final class CellFailedException extends Exception {

  private static final long serialVersionUID = 1L;

  CellFailedException(String message) {
    super(message);
  }
}
