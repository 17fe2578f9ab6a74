package dev.iobus.kv.compaction;

/// How large levels and tables are meant to be, all from the size of a memtable. Immutable.
///
/// @param levelOneBytes level 1, in bytes; each deeper one is ten times as large
/// @param tableBytes one table that a compaction writes, in bytes
public record LevelSizes(long levelOneBytes, long tableBytes) {

  /// Tables of level 0 that start a compaction.
  public static final int LEVEL_ZERO_TABLES = 4;

  private static final int GROWTH = 10;
  private static final long TABLE_BYTES_MAX = 64L << 20;

  /// Level 1 holds what one compaction of level 0 brings, so that it rewrites about as much as it
  /// adds.
  public static LevelSizes of(long memtableBytes) {
    return new LevelSizes(
        LEVEL_ZERO_TABLES * memtableBytes, Math.min(TABLE_BYTES_MAX, 2 * memtableBytes));
  }

  /// Bytes of a level, 1 or deeper, above which it is compacted.
  public long target(int level) {
    long bytes = levelOneBytes;
    for (int i = 1; i < level; i++) {
      bytes *= GROWTH;
    }
    return bytes;
  }
}
