package dev.iobus.kv.version;

import dev.iobus.kv.entry.InternalKey;
import java.lang.foreign.MemorySegment;

/// One end of a table's key range: an internal key, and whether the table itself may hold it.
/// Immutable; the key is on the heap.
///
/// @param key the user key, read-only
/// @param tag its sequence and kind, see [InternalKey#tag]
/// @param exclusive true when the range only comes up to this key, as the end of a range deletion
///     does
public record KeyBound(MemorySegment key, long tag, boolean exclusive) {

  /// A bound that the table holds; copies `key`.
  public static KeyBound inclusive(MemorySegment key, long tag) {
    byte[] copy = key.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    return new KeyBound(MemorySegment.ofArray(copy).asReadOnly(), tag, false);
  }

  /// Order of the user keys alone.
  int compareKey(MemorySegment other) {
    return InternalKey.compareKeys(key, other);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KeyBound bound
        && tag == bound.tag
        && exclusive == bound.exclusive
        && key.mismatch(bound.key) < 0;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(tag) * 31 + Long.hashCode(key.byteSize());
  }

  /// Keys are never shown: messages and logs must not hold user data.
  @Override
  public String toString() {
    return "key of " + key.byteSize() + " bytes, tag " + tag + (exclusive ? ", exclusive" : "");
  }
}
