package dev.iobus.kv.version;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All that the manifest knows of one table. Immutable.
///
/// @param number the number in its file name; never reused
/// @param fileId the random id in the file's header: which file it really is
/// @param sizeBytes the whole file, in bytes
/// @param digest checksum over the file's block checksums, so that a stale file is noticed
/// @param keyspace the keyspace that all its entries belong to
/// @param level 0 to [Version#LEVELS] − 1
/// @param smallest the first internal key
/// @param largest the last internal key
/// @param smallestSequence of its entries
/// @param largestSequence of its entries
/// @param globalSequence what replaces the sequence of every entry, for a table that was made
///     elsewhere; 0 for none
/// @param entries of all kinds
/// @param deletions of single keys among them
/// @param rangeDeletions in the block of their own
/// @param leastExpiry the earliest expiry among its entries, in milliseconds since 1970-01-01 UTC;
///     [Long#MAX_VALUE] for none
/// @param valueFiles numbers of the value files that its entries refer to, ascending
public record TableInfo(
    long number,
    long fileId,
    long sizeBytes,
    long digest,
    int keyspace,
    int level,
    KeyBound smallest,
    KeyBound largest,
    long smallestSequence,
    long largestSequence,
    long globalSequence,
    long entries,
    long deletions,
    long rangeDeletions,
    long leastExpiry,
    List<Long> valueFiles) {

  public TableInfo {
    valueFiles = List.copyOf(valueFiles);
  }

  public String fileName() {
    return FileNames.table(number);
  }

  /// The same table at another level, as after a move that rewrites nothing.
  public TableInfo atLevel(int newLevel) {
    return new TableInfo(
        number,
        fileId,
        sizeBytes,
        digest,
        keyspace,
        newLevel,
        smallest,
        largest,
        smallestSequence,
        largestSequence,
        globalSequence,
        entries,
        deletions,
        rangeDeletions,
        leastExpiry,
        valueFiles);
  }

  /// What the table needs that this version does not serve, in words; null when there is nothing. The
  /// manifest has room for it, so that a version that serves it can write it there.
  @Nullable String unserved() {
    if (keyspace != Keyspace.DEFAULT.id()) {
      return "keyspace " + keyspace;
    }
    if (globalSequence != 0) {
      return "a sequence for all its entries";
    }
    if (rangeDeletions != 0) {
      return "range deletions";
    }
    if (leastExpiry != Long.MAX_VALUE) {
      return "entries that expire";
    }
    if (!valueFiles.isEmpty()) {
      return "value files";
    }
    return smallest.exclusive() || largest.exclusive() ? "an exclusive bound" : null;
  }

  /// Whether the table may hold entries of a user key.
  public boolean mayHold(MemorySegment userKey) {
    return smallest.compareKey(userKey) <= 0 && isAtOrBelowEnd(userKey);
  }

  /// Whether the table may hold a user key from `first` to `last`, both included.
  public boolean overlaps(MemorySegment first, MemorySegment last) {
    return smallest.compareKey(last) <= 0 && isAtOrBelowEnd(first);
  }

  private boolean isAtOrBelowEnd(MemorySegment userKey) {
    int order = largest.compareKey(userKey);
    return largest.exclusive() ? order > 0 : order >= 0;
  }
}
