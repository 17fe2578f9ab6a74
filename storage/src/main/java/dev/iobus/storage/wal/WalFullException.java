package dev.iobus.storage.wal;

import java.io.IOException;

/// There is no room for another segment of the log: the disk is full, say. Nothing was appended,
/// and the log has not failed: it tries again with later appends. The cause is the failure to
/// prepare the segment.
public final class WalFullException extends IOException {

  private static final long serialVersionUID = 1L;

  WalFullException(String log, Throwable cause) {
    super("no further segment for the log " + log + ": " + cause.getMessage(), cause);
  }
}
