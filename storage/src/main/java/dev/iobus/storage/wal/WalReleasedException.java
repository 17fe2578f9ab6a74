package dev.iobus.storage.wal;

import java.io.IOException;

/// The log from there on was released and is no longer there. Nothing is wrong with the log: its
/// owner said that nobody needs those records.
public final class WalReleasedException extends IOException {

  private static final long serialVersionUID = 1L;

  /// Where what is left begins.
  private final long firstLsn;

  WalReleasedException(String log, long lsn, long firstLsn) {
    super(
        "the log %s was released: LSN %d is no longer there, the first that is: %d"
            .formatted(log, lsn, firstLsn));
    this.firstLsn = firstLsn;
  }

  /// The first LSN that could still be read when this was thrown.
  public long firstLsn() {
    return firstLsn;
  }
}
