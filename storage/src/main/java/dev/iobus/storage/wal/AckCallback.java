package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// Told when the log has reached an LSN, or never will: see [Wal#whenReached].
@FunctionalInterface
public interface AckCallback {

  /// Takes the acknowledgement. Runs on the log's own task, one callback after the other; one that
  /// takes long delays those behind it. It may append, and may wait for the log, but not close it.
  ///
  /// @param lsn what was asked for
  /// @param failure null when everything below `lsn` has the durability that was asked for; else
  ///     why the log ended before that, and whether the bytes survive is unknown
  void acknowledged(long lsn, @Nullable WalFailedException failure);
}
