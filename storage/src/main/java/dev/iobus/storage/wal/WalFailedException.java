package dev.iobus.storage.wal;

import java.io.IOException;

/// A write or a sync of the log failed, and nothing more is acknowledged until the log is opened
/// anew. Whether an append that got this exception survives is unknown: its bytes may or may not
/// be found by the next recovery. The cause is the first failure, the same each time.
public final class WalFailedException extends IOException {

  private static final long serialVersionUID = 1L;

  WalFailedException(String log, Throwable first) {
    super("the log " + log + " failed and takes no more writes; open it anew: " + first, first);
  }
}
