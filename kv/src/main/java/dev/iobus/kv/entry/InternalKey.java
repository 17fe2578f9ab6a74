package dev.iobus.kv.entry;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A user key with its tag: `sequence << 8 | kind`. Order: user key unsigned ascending, sequence
/// descending, kind descending. Stateless, so thread-safe.
public final class InternalKey {

  /// Older than every snapshot.
  public static final long SEQUENCE_ZERO = 0;
  /// The largest sequence an entry can have.
  public static final long SEQUENCE_MAX = (1L << 56) - 2;
  /// Sorts before every entry of its key: where a seek for the newest version begins.
  public static final long SEQUENCE_SEEK = (1L << 56) - 1;

  private static final ValueLayout.OfLong BIG_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private InternalKey() {}

  /// The tag of an entry.
  public static long tag(long sequence, EntryKind kind) {
    return sequence << 8 | kind.code();
  }

  /// The tag at which a seek sees everything that a snapshot of `sequence` sees.
  public static long seekTag(long sequence) {
    return sequence << 8 | 0xff;
  }

  /// The sequence of a tag, 0 to 2⁵⁶ − 1.
  public static long sequence(long tag) {
    return tag >>> 8;
  }

  /// The kind of a tag as on disk, 0 to 255; see [EntryKind#of].
  public static int kindCode(long tag) {
    return (int) (tag & 0xff);
  }

  /// The first eight bytes of a user key as one unsigned number, zeros for what it lacks. Where
  /// two prefixes differ, their keys are in the order of the prefixes; equal prefixes say nothing.
  public static long prefix(MemorySegment key, long offset, long length) {
    if (length >= Long.BYTES) {
      return key.get(BIG_LONG, offset);
    }
    long prefix = 0;
    for (long i = 0; i < length; i++) {
      prefix |= (key.get(ValueLayout.JAVA_BYTE, offset + i) & 0xffL) << (56 - 8 * i);
    }
    return prefix;
  }

  /// Compares user keys as unsigned bytes; a prefix comes first.
  public static int compareKeys(
      MemorySegment a, long aOffset, long aLength, MemorySegment b, long bOffset, long bLength) {
    long common = Math.min(aLength, bLength);
    long i = 0;
    for (; i + 8 <= common; i += 8) {
      long x = a.get(BIG_LONG, aOffset + i);
      long y = b.get(BIG_LONG, bOffset + i);
      if (x != y) {
        return Long.compareUnsigned(x, y);
      }
    }
    for (; i < common; i++) {
      int x = a.get(ValueLayout.JAVA_BYTE, aOffset + i) & 0xff;
      int y = b.get(ValueLayout.JAVA_BYTE, bOffset + i) & 0xff;
      if (x != y) {
        return x - y;
      }
    }
    return Long.compare(aLength, bLength);
  }

  /// Compares two whole segments as user keys.
  public static int compareKeys(MemorySegment a, MemorySegment b) {
    return compareKeys(a, 0, a.byteSize(), b, 0, b.byteSize());
  }

  /// Compares (user key, tag) pairs in the order of the store.
  public static int compare(MemorySegment aKey, long aTag, MemorySegment bKey, long bTag) {
    int order = compareKeys(aKey, bKey);
    return order != 0 ? order : Long.compareUnsigned(bTag, aTag);
  }
}
