package dev.iobus.storage.page;

import java.io.IOException;

/// What a [PageFile] asks of the log that its changes were written to first. With a log of this
/// module: `lsn -> wal.await(lsn, Durability.SYNCED)`. Thread-safe.
@FunctionalInterface
public interface DurableLog {

  /// Returns when everything below `lsn` is on stable storage.
  ///
  /// @throws IOException when that cannot be; the pages that wait for it are then not written
  void awaitDurable(long lsn) throws IOException;
}
