package dev.iobus.kv.version;

/// Whether the blocks that a cursor reads are worth keeping.
public enum ReadMode {
  /// Blocks go through the page cache.
  CACHED,
  /// Blocks are read for this one pass and leave no trace in the page cache.
  ONCE
}
