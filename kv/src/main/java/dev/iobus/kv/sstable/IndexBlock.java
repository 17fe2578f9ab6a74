package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;

/// The index of a table in memory: searched without decoding anything. Immutable, thread-safe.
///
/// Content of an index block, little-endian, n = count:
///
/// ```
///  0        4               8
///  | count 4 | prefix len. 4 | prefix | word 8 × n | handle 8 × n | offset 4 × (n + 1) | record … |
///
///  record: | tag 8 | separator after the prefix |
/// ```
///
/// The separators of all blocks begin with the prefix. A word is the eight bytes of a separator
/// after the prefix as one big-endian number ([InternalKey#prefix]), stored little-endian like any
/// number. A handle is page number × 2¹⁶ + page count. Offsets count from the first record. All
/// entries of block i are at or before separator i and after separator i − 1.
///
/// The search runs over the words, eight to a cache line, and looks at a record only where words
/// are equal.
final class IndexBlock {

  static final int COUNT_OFFSET = 0;
  static final int PREFIX_LENGTH_OFFSET = 4;
  static final int HEADER_BYTES = 8;

  private final MemorySegment content;
  private final int count;
  private final int prefixLength;
  private final long words;
  private final long handles;
  private final long offsets;
  private final long records;

  /// Checks the content: afterwards every access is within it, and the blocks lie one behind the
  /// other.
  ///
  /// @param end where the data blocks end in the file
  IndexBlock(MemorySegment content, String path, long offset, long end)
      throws CorruptionException {
    this.content = content;
    long size = content.byteSize();
    if (size < HEADER_BYTES) {
      throw damaged(path, offset, "content of " + size + " bytes");
    }
    count = Encoding.getInt(content, COUNT_OFFSET);
    prefixLength = Encoding.getInt(content, PREFIX_LENGTH_OFFSET);
    if (count < 0
        || prefixLength < 0
        || prefixLength > BlockFormat.KEY_MAX
        || HEADER_BYTES + (long) prefixLength + 20L * count + 4 > size) {
      throw damaged(
          path, offset, count + " blocks with a prefix of " + prefixLength + " in " + size);
    }
    words = HEADER_BYTES + (long) prefixLength;
    handles = words + 8L * count;
    offsets = handles + 8L * count;
    records = offsets + 4L * (count + 1);
    check(path, offset, end);
  }

  /// How many data blocks there are.
  int count() {
    return count;
  }

  /// The handle of a block as one number; see [BlockHandle].
  long packed(int block) {
    return Encoding.getLong(content, handles + 8L * block);
  }

  BlockHandle handle(int block) {
    long packed = packed(block);
    return new BlockHandle(BlockHandle.offset(packed), BlockHandle.pages(packed));
  }

  /// The block with the first entry at or after (`key`, `tag`), or the count when there is none.
  int find(MemorySegment key, long tag) {
    int length = (int) key.byteSize();
    int common = Math.min(length, prefixLength);
    int order =
        InternalKey.compareKeys(key, 0, common, content, HEADER_BYTES, common);
    if (order != 0 || length < prefixLength) {
      return order > 0 ? count : 0;
    }
    long word = InternalKey.prefix(key, prefixLength, length - prefixLength);
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      long found = Encoding.getLong(content, words + 8L * middle);
      boolean before =
          found == word
              ? compare(middle, key, tag) < 0
              : Long.compareUnsigned(found, word) < 0;
      if (before) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// Compares separator i with (`key`, `tag`), both of which begin with the prefix.
  int compare(int i, MemorySegment key, long tag) {
    long at = records + offset(i);
    long suffix = records + offset(i + 1) - at - 8;
    int order =
        InternalKey.compareKeys(
            content, at + 8, suffix, key, prefixLength, key.byteSize() - prefixLength);
    return order != 0 ? order : Long.compareUnsigned(tag, Encoding.getLong(content, at));
  }

  private int offset(int i) {
    return Encoding.getInt(content, offsets + 4L * i);
  }

  private void check(String path, long offset, long end) throws CorruptionException {
    long size = content.byteSize() - records;
    long nextBlock = BlockFormat.PAGE_BYTES;
    int before = 0;
    for (int i = 0; i < count; i++) {
      int begin = offset(i);
      int after = offset(i + 1);
      long packed = packed(i);
      if (begin != before || after < begin + 8L || after > size) {
        throw damaged(path, offset, "record " + i + " at " + begin + " to " + after);
      }
      if (BlockHandle.offset(packed) != nextBlock || BlockHandle.pages(packed) == 0) {
        throw damaged(path, offset, "block " + i + " is not at " + nextBlock);
      }
      nextBlock += (long) BlockHandle.pages(packed) * BlockFormat.PAGE_BYTES;
      before = after;
    }
    if (offset(count) != size || nextBlock != end) {
      throw damaged(path, offset, "blocks end at " + nextBlock + ", expected " + end);
    }
  }

  private static CorruptionException damaged(String path, long offset, String detail) {
    return new CorruptionException(path, offset, "index block: " + detail);
  }
}
