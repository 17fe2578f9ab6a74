package dev.iobus.storage.examples;

import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;

/// A page of a [BTree].
///
/// ```
/// | kind 4 | count 4 | key 8, value 8 | key 8, value 8 | …
/// ```
///
/// In a leaf the values are those of the keys; in an inner page they are offsets of pages, and a
/// key is the least of its page, where that of the first counts as below all. Keys ascend.
///
/// @param page in memory; read-only, or of an edit
record Node(MemorySegment page) {

  /// Of a page in its file, with what its codec adds.
  static final int STORED_BYTES = 4096;

  static final int BYTES = STORED_BYTES - NodeCodec.HEADER_BYTES;

  private static final int ENTRY_BYTES = 16;
  private static final int ENTRIES = 8;
  private static final int CAPACITY = (BYTES - ENTRIES) / ENTRY_BYTES;
  private static final int INNER = 1;

  boolean isLeaf() {
    return Encoding.getInt(page, 0) != INNER;
  }

  int count() {
    return Encoding.getInt(page, 4);
  }

  boolean isFull() {
    return count() == CAPACITY;
  }

  long key(int i) {
    return Encoding.getLong(page, ENTRIES + (long) i * ENTRY_BYTES);
  }

  long value(int i) {
    return Encoding.getLong(page, ENTRIES + (long) i * ENTRY_BYTES + 8);
  }

  void setValue(int i, long value) {
    Encoding.putLong(page, ENTRIES + (long) i * ENTRY_BYTES + 8, value);
  }

  /// The last entry whose key is at most `key`; −1 when there is none.
  int find(long key) {
    int low = 0;
    int high = count();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (key(middle) <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  void insert(int i, long key, long value) {
    long at = ENTRIES + (long) i * ENTRY_BYTES;
    long length = (long) (count() - i) * ENTRY_BYTES;
    MemorySegment.copy(page, at, page, at + ENTRY_BYTES, length);
    Encoding.putLong(page, at, key);
    Encoding.putInt(page, 4, count() + 1);
    setValue(i, value);
  }

  void cut(int count) {
    Encoding.putInt(page, 4, count);
  }

  /// Fills an empty page with some of the entries of this one, and makes it of its kind.
  void copyTo(Node target, int from, int to) {
    long at = ENTRIES + (long) from * ENTRY_BYTES;
    MemorySegment.copy(page, at, target.page, ENTRIES, (long) (to - from) * ENTRY_BYTES);
    Encoding.putInt(target.page, 0, Encoding.getInt(page, 0));
    Encoding.putInt(target.page, 4, to - from);
  }

  void becomeInner(long firstKey, long firstPage, long secondKey, long secondPage) {
    Encoding.putInt(page, 0, INNER);
    cut(0);
    insert(0, firstKey, firstPage);
    insert(1, secondKey, secondPage);
  }
}
