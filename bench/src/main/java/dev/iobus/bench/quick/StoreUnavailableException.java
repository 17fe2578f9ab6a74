package dev.iobus.bench.quick;

import java.io.IOException;

/// The host does not let the store open: a backend that is not there, no memory, no space.
final class StoreUnavailableException extends Exception {

  private static final long serialVersionUID = 1L;

  StoreUnavailableException(IOException cause) {
    super("the store cannot be opened here: " + cause.getMessage(), cause);
  }
}
