package dev.iobus.storage.wal;

/// What a log has done since it was opened. Immutable.
///
/// @param groups groups written, those with a mark and the parts of long records among them
/// @param records records that have got their place, written or not
/// @param bytes bytes of frames in the groups that were written
/// @param paddedBytes zeros written to fill their last blocks
/// @param syncs times that stable storage was waited for
/// @param segmentWaits appends that waited because the next segment was not prepared in time
/// @param segmentsCreated slots created
/// @param segmentsReused times that a slot was used again
/// @param overlappedGroups groups that were written while another was in flight
/// @param slowWrites writes that took longer than 500 ms, or do so now
/// @param longestWriteNanos the longest write of a group, with its sync, that has ended
/// @param primitive how a group is made durable, and what was measured when it was chosen
public record WalStats(
    long groups,
    long records,
    long bytes,
    long paddedBytes,
    long syncs,
    long segmentWaits,
    long segmentsCreated,
    long segmentsReused,
    long overlappedGroups,
    long slowWrites,
    long longestWriteNanos,
    String primitive) {

  /// Records for each group that was written, on average.
  public double meanGroupRecords() {
    return groups == 0 ? 0 : (double) records / groups;
  }
}
