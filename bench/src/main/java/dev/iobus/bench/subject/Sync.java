package dev.iobus.bench.subject;

/// When a write returns. Rows compare subjects only at the same level.
public enum Sync {
  /// The bytes are on stable storage.
  SYNCED,
  /// The kernel has the bytes: they survive the death of the process.
  WRITTEN,
  /// The process has the bytes; no subject but this store offers it.
  BUFFERED
}
