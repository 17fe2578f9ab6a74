package dev.iobus.kv;

import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Walks over the entries of one record of the log, or of a batch that was sealed. Reusable;
/// confined to one thread. No length is believed before it was checked against what is left.
final class LogRecordReader {

  private final String source;

  private MemorySegment record = MemorySegment.NULL;
  private long place;
  private long length;
  private long at;
  private long nextSequence;
  private int left;

  private int kindCode;
  private int keyspace;
  private long keyOffset;
  private long keyLength;
  private long valueLength;

  /// @param source what holds the record, for messages
  LogRecordReader(String source) {
    this.source = source;
  }

  /// Starts at the first entry of a record.
  ///
  /// @param lsn where it begins, for messages
  /// @param bytes how much of `from` is the record
  void open(long lsn, MemorySegment from, long bytes) throws CorruptionException {
    record = from;
    place = lsn;
    length = bytes;
    if (bytes < LogRecordFormat.HEADER_BYTES) {
      throw corruption("a record of " + bytes + " bytes has no header");
    }
    nextSequence = Encoding.getLong(from, LogRecordFormat.BASE_SEQUENCE);
    left = Encoding.getInt(from, LogRecordFormat.COUNT);
    at = LogRecordFormat.HEADER_BYTES;
    if (nextSequence < 1 || left < 0 || nextSequence > InternalKey.SEQUENCE_MAX - left) {
      throw corruption("a record has " + left + " entries from sequence " + nextSequence);
    }
  }

  /// The sequence of the first entry; before the first [#next()].
  long baseSequence() {
    return nextSequence;
  }

  int count() {
    return left;
  }

  /// Moves to the next entry; false after the last.
  boolean next() throws IOException {
    if (left == 0) {
      if (at != length) {
        throw corruption((length - at) + " bytes after the last entry of a record");
      }
      return false;
    }
    if (at >= length) {
      throw corruption("a record ends with " + left + " entries missing");
    }
    kindCode = Encoding.getByte(record, at++);
    keyspace = (int) varint("keyspace", Integer.MAX_VALUE);
    keyLength = varint("key length", LogRecordFormat.KEY_BYTES_MAX);
    valueLength = hasValue() ? varint("value length", LogRecordFormat.VALUE_BYTES_MAX) : 0;
    keyOffset = at;
    if (keyLength + valueLength > length - at) {
      throw corruption(
          "an entry claims " + (keyLength + valueLength) + " bytes, " + (length - at) + " left");
    }
    at += keyLength + valueLength;
    nextSequence++;
    left--;
    return true;
  }

  /// Sequence and kind of the entry, see [InternalKey#tag].
  long tag() {
    return (nextSequence - 1) << 8 | kindCode;
  }

  int keyspace() {
    return keyspace;
  }

  /// Bytes that [#addTo] needs, reserved before.
  long memtableBytes() {
    return Memtable.bytesFor((int) keyLength, (int) valueLength);
  }

  /// Adds the entry to a memtable that has room reserved for it.
  void addTo(Memtable memtable) {
    memtable.add(
        record, keyOffset, (int) keyLength, tag(), keyOffset + keyLength, (int) valueLength);
  }

  private boolean hasValue() throws FormatVersionException {
    if (kindCode == EntryKind.PUT.code()) {
      return true;
    }
    if (kindCode == EntryKind.DELETE.code()) {
      return false;
    }
    throw new FormatVersionException(
        source,
        "the log holds an entry of kind " + kindCode + ", this version knows 0 DELETE and 1 PUT;"
            + " open it with the release that wrote it, or a newer one");
  }

  private long varint(String what, long max) throws CorruptionException {
    long value = Encoding.getVarint(record, at, length);
    if (value == Encoding.NO_VARINT || value > max) {
      throw corruption(what + " is damaged or above " + max);
    }
    at += Encoding.varintLength(value);
    return value;
  }

  private CorruptionException corruption(String detail) {
    return new CorruptionException(source, place, detail);
  }
}
