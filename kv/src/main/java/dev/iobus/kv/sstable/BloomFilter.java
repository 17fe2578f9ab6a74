package dev.iobus.kv.sstable;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A blocked Bloom filter: all bits of a key lie in one line of 64 bytes, so a probe costs one
/// cache miss (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
/// Says "no" only of keys that were not added. Immutable once built; thread-safe.
///
/// Content of a filter block, little-endian:
///
/// ```
///  0        1         2      4              8
///  | kind 1 | probes 1| 0 2  | line count 4 | line 64 × count |
/// ```
///
/// The line of a key is the upper half of its [Hash64] scaled to the count; its bits are seven
/// groups of nine bits of a remixed hash, which is mixed again after each seven.
///
/// @param lines line count × 64 bytes
/// @param count how many lines, at least 1
/// @param probes bits a key sets
record BloomFilter(MemorySegment lines, int count, int probes) {

  static final int LINE_BYTES = 64;
  static final int HEADER_BYTES = 8;
  static final int KIND_OFFSET = 0;
  static final int PROBES_OFFSET = 1;
  static final int COUNT_OFFSET = 4;

  /// The only filter kind.
  static final int KIND_BLOCKED = 1;

  static final int PROBES_MAX = 14;

  private static final int LINE_BITS = 8 * LINE_BYTES;
  private static final int GROUP_BITS = 9;
  private static final int GROUPS = 7;
  private static final long MIX = 0x9E3779B97F4A7C15L;

  static {
    assert 1 << GROUP_BITS == LINE_BITS;
    assert GROUPS * GROUP_BITS <= Long.SIZE;
  }

  /// Lines for so many keys, at least 1.
  static int linesFor(long keys, int bitsPerKey) {
    long lines = Math.max(1, (keys * bitsPerKey + LINE_BITS - 1) / LINE_BITS);
    return (int) Math.min(lines, (BlockFormat.DECODED_MAX - HEADER_BYTES) / LINE_BYTES);
  }

  /// The best number of probes: a little less than ln 2 × bits, because lines fill unevenly.
  static int probesFor(int bitsPerKey) {
    return Math.max(1, Math.min(PROBES_MAX, (int) Math.round(bitsPerKey * 0.6)));
  }

  static void writeHeader(MemorySegment content, int count, int probes) {
    Encoding.putByte(content, KIND_OFFSET, KIND_BLOCKED);
    Encoding.putByte(content, PROBES_OFFSET, probes);
    Encoding.putInt(content, COUNT_OFFSET, count);
  }

  /// The filter in the content of a filter block, which it goes on to use.
  ///
  /// @return null when the content is of a kind that this version does not know, and so is no help
  static @Nullable BloomFilter read(MemorySegment content, String path, long offset)
      throws CorruptionException {
    long size = content.byteSize();
    if (size < HEADER_BYTES) {
      throw new CorruptionException(path, offset, "filter block: content of " + size + " bytes");
    }
    if (Encoding.getByte(content, KIND_OFFSET) != KIND_BLOCKED) {
      return null;
    }
    int count = Encoding.getInt(content, COUNT_OFFSET);
    int probes = Encoding.getByte(content, PROBES_OFFSET);
    if (count < 1 || probes < 1 || size != HEADER_BYTES + (long) count * LINE_BYTES) {
      throw new CorruptionException(
          path, offset, "filter block: " + count + " lines, " + probes + " probes in " + size);
    }
    return new BloomFilter(content.asSlice(HEADER_BYTES), count, probes);
  }

  /// Adds a key by its hash.
  void add(long hash) {
    long line = line(hash);
    long groups = hash;
    for (int i = 0; i < probes; i++) {
      groups = i % GROUPS == 0 ? remix(hash + i) : groups >>> GROUP_BITS;
      long word = line + (groups >>> 6 & 7) * Long.BYTES;
      Encoding.putLong(lines, word, Encoding.getLong(lines, word) | 1L << groups);
    }
  }

  /// Whether a key with this hash may have been added.
  boolean mayContain(long hash) {
    long line = line(hash);
    long groups = hash;
    for (int i = 0; i < probes; i++) {
      groups = i % GROUPS == 0 ? remix(hash + i) : groups >>> GROUP_BITS;
      long word = Encoding.getLong(lines, line + (groups >>> 6 & 7) * Long.BYTES);
      if ((word >>> groups & 1) == 0) {
        return false;
      }
    }
    return true;
  }

  private long line(long hash) {
    return (((hash >>> 32) * count) >>> 32) * LINE_BYTES;
  }

  private static long remix(long hash) {
    long h = hash * MIX;
    return ((h ^ h >>> 32) * MIX) >>> 1;
  }
}
