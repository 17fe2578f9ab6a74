package dev.iobus.kv.sstable;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;

/// Records of (tag 1, length 4, bytes), as footer and properties hold them. Stateless.
final class FormatRecords {

  static final int HEADER_BYTES = 5;

  /// Tags from here on must be understood by who reads the file.
  static final int TAG_REQUIRED = 128;

  private FormatRecords() {}

  /// Takes the records one by one.
  interface Consumer {
    /// Takes the record's bytes if it knows the tag, and says whether it does.
    ///
    /// @param from where the bytes begin
    boolean take(int tag, MemorySegment records, long from, int length) throws CorruptionException;
  }

  /// Writes a record whose bytes the caller puts after it. Returns where they begin.
  static long begin(MemorySegment target, long at, int tag, int length) {
    Encoding.putByte(target, at, tag);
    Encoding.putInt(target, at + 1, length);
    return at + HEADER_BYTES;
  }

  /// Writes a record of one number. Returns where the next begins.
  static long putLong(MemorySegment target, long at, int tag, long value) {
    Encoding.putLong(target, begin(target, at, tag, Long.BYTES), value);
    return at + HEADER_BYTES + Long.BYTES;
  }

  /// Reads all records, which fill `records`.
  static void read(MemorySegment records, String path, long offset, Consumer consumer)
      throws CorruptionException, FormatVersionException {
    long size = records.byteSize();
    long at = 0;
    while (at < size) {
      if (size - at < HEADER_BYTES) {
        throw new CorruptionException(path, offset, "a record is cut off at " + at);
      }
      int tag = Encoding.getByte(records, at);
      long length = Encoding.getInt(records, at + 1);
      at += HEADER_BYTES;
      if (length < 0 || length > size - at) {
        throw new CorruptionException(
            path, offset, "record " + tag + " of " + length + " bytes, " + (size - at) + " left");
      }
      if (!consumer.take(tag, records, at, (int) length) && tag >= TAG_REQUIRED) {
        throw new FormatVersionException(
            path,
            "record " + tag + " at offset " + offset + " is unknown and must be understood;"
                + " open it with the iobus release that wrote it, or a newer one");
      }
      at += length;
    }
  }
}
