package dev.iobus;

/// There is no place: more operations were prepared than a bus can hold, whose callers bound
/// themselves by its `capacity()`, or dispatch and call `done` first; more transfers were added than
/// an [IoBatch] takes; or a bus's inbox is full, until its owner has taken messages.
public final class QueueFullException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  QueueFullException(String message) {
    super(message);
  }
}
