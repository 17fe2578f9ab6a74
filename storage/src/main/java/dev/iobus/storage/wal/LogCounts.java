package dev.iobus.storage.wal;

/// What the log has done since it was opened. Guarded by the log's lock.
final class LogCounts {

  private long records;
  private long groups;
  private long bytes;
  private long paddedBytes;
  private long sharedSyncs;
  private long segmentWaits;
  private long overlapped;
  private long slow;
  private long longestNanos;

  void reserved(int more) {
    records += more;
  }

  /// A group was written.
  ///
  /// @param shared whether it became durable by that write alone
  void written(Group group, long padding, boolean shared) {
    groups++;
    bytes += group.used();
    paddedBytes += padding;
    sharedSyncs += shared ? 1 : 0;
  }

  /// An append waits because the next segment was not prepared in time.
  void segmentLate() {
    segmentWaits++;
  }

  /// A write began while another was in flight.
  void overlapped() {
    overlapped++;
  }

  /// A write was found to be slow.
  void slow() {
    slow++;
  }

  /// The device took that long for a write.
  void took(long nanos) {
    longestNanos = Math.max(longestNanos, nanos);
  }

  WalStats stats(SegmentSupply supply, WalWriter writer) {
    return new WalStats(
        groups,
        records,
        bytes,
        paddedBytes,
        writer.syncs() + sharedSyncs,
        segmentWaits,
        supply.created(),
        supply.reused(),
        overlapped,
        slow,
        longestNanos,
        writer.primitive());
  }
}
