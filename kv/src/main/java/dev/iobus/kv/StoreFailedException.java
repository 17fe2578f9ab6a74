package dev.iobus.kv;

import java.io.IOException;

/// The store met a failure that it cannot undo, and takes no writes until it is opened again. The
/// cause is the first such failure. Reads go on at what was visible before it.
///
/// A write that ends so may or may not be there after the store is opened again: its outcome is
/// unknown. Writes that were acknowledged before are not affected.
public final class StoreFailedException extends IOException {

  private static final long serialVersionUID = 1L;

  StoreFailedException(String message, Throwable cause) {
    super(message + ": " + cause.getMessage(), cause);
  }
}
