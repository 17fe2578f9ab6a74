package dev.iobus;

/// More operations were prepared than the bus can hold; callers bound themselves by its
/// `capacity()`, or dispatch and call `done` first.
public final class QueueFullException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  QueueFullException(String message) {
    super(message);
  }
}
