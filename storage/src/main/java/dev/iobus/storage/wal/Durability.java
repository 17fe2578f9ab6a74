package dev.iobus.storage.wal;

/// When a write is acknowledged, and what it then survives.
///
/// | | acknowledged when | survives |
/// |---|---|---|
/// | [#SYNCED] | the bytes are on stable storage | power loss |
/// | [#WRITTEN] | the kernel has the bytes | death of the process |
/// | [#BUFFERED] | they are in the log's memory | [AutoCloseable#close()] only |
public enum Durability {
  /// On stable storage before the call returns. The default.
  SYNCED,
  /// Given to the kernel before the call returns: survives the death of the process, not of the
  /// machine. What RocksDB promises for a write without sync.
  WRITTEN,
  /// In the log's memory; written within 10 ms or when its buffer fills. A crash leaves a prefix
  /// of the writes, without a gap.
  BUFFERED
}
