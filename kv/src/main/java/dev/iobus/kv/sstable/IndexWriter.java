package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Collects separators and handles of data blocks; writes the content drawn in [IndexBlock].
/// Confined to one thread.
final class IndexWriter implements AutoCloseable {

  /// Bytes before the key of a collected entry: key length, tag, handle.
  private static final int FIELDS_BYTES = 4 + 8 + 8;

  private final Scratch collected;
  private long length;
  private int count;
  private long keyBytes;

  IndexWriter(MemoryBudget.Account account) {
    this.collected = new Scratch(account);
  }

  int count() {
    return count;
  }

  /// Adds a block whose entries are all at or before (`separator`, `tag`), and those of the next
  /// block after it.
  void add(MemorySegment separator, long tag, BlockHandle handle) throws IOException {
    int keyLength = (int) separator.byteSize();
    MemorySegment memory = collected.require(length + FIELDS_BYTES + keyLength);
    Encoding.putInt(memory, length, keyLength);
    Encoding.putLong(memory, length + 4, tag);
    Encoding.putLong(memory, length + 12, handle.packed());
    MemorySegment.copy(separator, 0, memory, length + FIELDS_BYTES, keyLength);
    length += FIELDS_BYTES + keyLength;
    keyBytes += keyLength;
    count++;
  }

  /// The most bytes that [#write] takes.
  long contentBound() {
    return IndexBlock.HEADER_BYTES
        + (long) count * (8 + 8 + 4 + 8)
        + 4
        + keyBytes
        + BlockFormat.KEY_MAX;
  }

  /// Writes the content to `target` and returns its length.
  long write(MemorySegment target) {
    MemorySegment memory = collected.memory();
    int common = commonPrefix();
    Encoding.putInt(target, IndexBlock.COUNT_OFFSET, count);
    Encoding.putInt(target, IndexBlock.PREFIX_LENGTH_OFFSET, common);
    if (count > 0) {
      MemorySegment.copy(memory, FIELDS_BYTES, target, IndexBlock.HEADER_BYTES, common);
    }
    long words = IndexBlock.HEADER_BYTES + (long) common;
    long handles = words + 8L * count;
    long offsets = handles + 8L * count;
    long records = offsets + 4L * (count + 1);
    long from = 0;
    long at = records;
    for (int i = 0; i < count; i++) {
      int keyLength = Encoding.getInt(memory, from);
      int suffix = keyLength - common;
      long key = from + FIELDS_BYTES + common;
      Encoding.putLong(target, words + 8L * i, InternalKey.prefix(memory, key, suffix));
      Encoding.putLong(target, handles + 8L * i, Encoding.getLong(memory, from + 12));
      Encoding.putInt(target, offsets + 4L * i, (int) (at - records));
      Encoding.putLong(target, at, Encoding.getLong(memory, from + 4));
      MemorySegment.copy(memory, key, target, at + 8, suffix);
      at += 8 + suffix;
      from += FIELDS_BYTES + keyLength;
    }
    Encoding.putInt(target, offsets + 4L * count, (int) (at - records));
    return at;
  }

  @Override
  public void close() {
    collected.close();
  }

  /// A short key that is at or after `last` and before `next`; `last` is before `next`.
  static byte[] separator(byte[] last, byte[] next) {
    int common = Arrays.mismatch(last, next);
    if (common == last.length) {
      return last;
    }
    if (common + 1 < next.length) {
      return Arrays.copyOf(next, common + 1);
    }
    if ((last[common] & 0xff) + 1 < (next[common] & 0xff)) {
      byte[] separator = Arrays.copyOf(last, common + 1);
      separator[common]++;
      return separator;
    }
    return last;
  }

  /// Separators ascend, so what the first and the last share all share.
  private int commonPrefix() {
    if (count == 0) {
      return 0;
    }
    MemorySegment memory = collected.memory();
    long from = 0;
    for (int i = 0; i < count - 1; i++) {
      from += FIELDS_BYTES + Encoding.getInt(memory, from);
    }
    int first = Encoding.getInt(memory, 0);
    int common = Math.min(first, Encoding.getInt(memory, from));
    long last = from + FIELDS_BYTES;
    long mismatch =
        MemorySegment.mismatch(
            memory, FIELDS_BYTES, FIELDS_BYTES + common, memory, last, last + common);
    return mismatch < 0 ? common : (int) mismatch;
  }
}
