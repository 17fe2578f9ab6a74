package dev.iobus;

/// The operation was cancelled before it took effect; of one that is made of several transfers
/// (`…Fully`), any part may have been done.
public final class CancelledException extends BusException {

  private static final long serialVersionUID = 1L;

  CancelledException(String operation, String file, int errno) {
    super(operation, file, errno, "ECANCELED", "the operation was cancelled");
  }
}
