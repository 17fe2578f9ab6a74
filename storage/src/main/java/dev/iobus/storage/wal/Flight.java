package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// One write of the log on its way to the device: of a group, of a long record, or of both.
/// Guarded by the log's lock where it does not say otherwise.
final class Flight {

  // Constant after construction.
  final @Nullable Group group;
  final @Nullable LongRecord record;

  /// Whether everything up to its end is durable when it has completed.
  final boolean sync;

  /// Whether others may be in flight with it: a single durable write with nothing to be synced
  /// before it.
  final boolean shared;

  final long beginNanos;

  /// Whether it has ended. It is acknowledged when it has completed, and all before it have, too.
  boolean done;

  /// Whether another was in flight with it at any time.
  boolean accompanied;

  /// How long the device took, in nanoseconds; set by the leader before it has completed.
  long deviceNanos;

  /// When the device was done; set with it.
  long endNanos;

  /// Whether it was told to be slow.
  boolean reportedSlow;

  Flight(
      @Nullable Group group,
      @Nullable LongRecord record,
      boolean sync,
      boolean shared,
      long beginNanos) {
    this.group = group;
    this.record = record;
    this.sync = sync;
    this.shared = shared;
    this.beginNanos = beginNanos;
  }

  /// LSN behind its last frame; `otherwise` when there is nothing in it but a sync.
  long endLsn(long otherwise) {
    if (record != null) {
      return record.endLsn();
    }
    return group == null ? otherwise : group.endLsn();
  }

  /// Bytes of its frames.
  long bytes() {
    long bytes = group == null ? 0 : group.used();
    return record == null ? bytes : bytes + record.payload().byteSize();
  }
}
