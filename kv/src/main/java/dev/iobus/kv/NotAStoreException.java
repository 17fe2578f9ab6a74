package dev.iobus.kv;

import java.io.IOException;

/// The directory holds files, but no store of this library. Nothing in it was changed; only where
/// they came while it was opened, an empty file `lock` is left beside them.
public final class NotAStoreException extends IOException {

  private static final long serialVersionUID = 1L;

  NotAStoreException(String message) {
    super(message);
  }
}
