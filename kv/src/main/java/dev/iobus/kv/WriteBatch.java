package dev.iobus.kv;

import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/// Puts and deletes that [Store#write] applies as one: all or none of them is seen, and all or none
/// survives a crash. Later ones win over earlier ones of the same key.
///
/// The batch is encoded as it is filled: its bytes are the log record. It takes heap memory of its
/// size until it is collected; [#clear()] makes it reusable. Confined to one thread at a time; it
/// must not be changed while it is written.
public final class WriteBatch {

  private static final int INITIAL_BYTES = 256;

  private byte[] bytes;
  private MemorySegment segment;
  private int length = LogRecordFormat.HEADER_BYTES;
  private int count;
  private long memtableBytes;
  private long userBytes;

  /// Reused by every commit of this batch.
  private final LogRecordReader entries = new LogRecordReader("batch");

  /// An empty batch.
  public WriteBatch() {
    this(INITIAL_BYTES);
  }

  /// @param sizeBytes what the batch is expected to take, in bytes
  WriteBatch(int sizeBytes) {
    bytes = new byte[Math.max(LogRecordFormat.HEADER_BYTES, sizeBytes)];
    segment = MemorySegment.ofArray(bytes);
  }

  /// Bytes that a batch of this one put takes at most.
  static int sizeOfPut(long keyLength, long valueLength) {
    return (int) Math.min(LogRecordFormat.BATCH_BYTES_MAX, 32 + keyLength + valueLength);
  }

  /// Sets `key` to `value`; copies both.
  ///
  /// @param key 0 to 65,535 bytes
  /// @param value 0 bytes to 64 MiB − 128 KiB
  /// @throws IllegalArgumentException when one of them, or the batch, would be larger; the batch is
  ///     as before then
  public WriteBatch put(byte[] key, byte[] value) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    return put(MemorySegment.ofArray(key), MemorySegment.ofArray(value));
  }

  /// As [#put(byte[], byte[])].
  public WriteBatch put(MemorySegment key, MemorySegment value) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    requireKey(key.byteSize());
    if (value.byteSize() > LogRecordFormat.VALUE_BYTES_MAX) {
      throw new IllegalArgumentException(
          "value of " + value.byteSize() + " bytes, at most " + LogRecordFormat.VALUE_BYTES_MAX);
    }
    int keyLength = (int) key.byteSize();
    int valueLength = (int) value.byteSize();
    long at =
        open(
            EntryKind.PUT,
            keyLength,
            Encoding.varintLength(valueLength) + keyLength + (long) valueLength);
    at = Encoding.putVarint(segment, at, valueLength);
    MemorySegment.copy(key, ValueLayout.JAVA_BYTE, 0, bytes, (int) at, keyLength);
    MemorySegment.copy(
        value, ValueLayout.JAVA_BYTE, 0, bytes, (int) at + keyLength, valueLength);
    close(at + keyLength + valueLength, keyLength, valueLength);
    return this;
  }

  /// Removes `key`, there or not; copies it.
  ///
  /// @param key 0 to 65,535 bytes
  /// @throws IllegalArgumentException when it, or the batch, would be larger; the batch is as before
  ///     then
  public WriteBatch delete(byte[] key) {
    Objects.requireNonNull(key, "key");
    return delete(MemorySegment.ofArray(key));
  }

  /// As [#delete(byte[])].
  public WriteBatch delete(MemorySegment key) {
    Objects.requireNonNull(key, "key");
    requireKey(key.byteSize());
    int keyLength = (int) key.byteSize();
    long at = open(EntryKind.DELETE, keyLength, keyLength);
    MemorySegment.copy(key, ValueLayout.JAVA_BYTE, 0, bytes, (int) at, keyLength);
    close(at + keyLength, keyLength, 0);
    return this;
  }

  /// Puts and deletes so far.
  public int count() {
    return count;
  }

  /// Bytes of the batch as the log will hold it, 12 to 64 MiB.
  public int sizeBytes() {
    return length;
  }

  /// Empties the batch; its memory is kept for the next.
  public void clear() {
    length = LogRecordFormat.HEADER_BYTES;
    count = 0;
    memtableBytes = 0;
    userBytes = 0;
  }

  /// What the entries take in a memtable at most, in bytes.
  long memtableBytes() {
    return memtableBytes;
  }

  /// Keys and values, in bytes.
  long userBytes() {
    return userBytes;
  }

  /// Makes the bytes a record whose first entry has the sequence `base`.
  void seal(long base) {
    Encoding.putLong(segment, LogRecordFormat.BASE_SEQUENCE, base);
    Encoding.putInt(segment, LogRecordFormat.COUNT, count);
  }

  /// A reader for the record of this batch, unpositioned.
  LogRecordReader entries() {
    return entries;
  }

  /// The memory of the record; its first [#sizeBytes()] bytes count.
  MemorySegment record() {
    return segment;
  }

  /// Makes room for an entry and writes it up to the key's length. Returns the place after it.
  private long open(EntryKind kind, int keyLength, long rest) {
    long size =
        1L
            + Encoding.varintLength(LogRecordFormat.KEYSPACE)
            + Encoding.varintLength(keyLength)
            + rest;
    long end = length + size;
    if (end > LogRecordFormat.BATCH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "batch would have " + end + " bytes, at most " + LogRecordFormat.BATCH_BYTES_MAX);
    }
    if (end > bytes.length) {
      long grown = Math.min(LogRecordFormat.BATCH_BYTES_MAX, Math.max(end, bytes.length * 2L));
      bytes = Arrays.copyOf(bytes, (int) grown);
      segment = MemorySegment.ofArray(bytes);
    }
    Encoding.putByte(segment, length, kind.code());
    long at = Encoding.putVarint(segment, length + 1L, LogRecordFormat.KEYSPACE);
    return Encoding.putVarint(segment, at, keyLength);
  }

  private void close(long end, int keyLength, int valueLength) {
    length = (int) end;
    count++;
    memtableBytes += Memtable.bytesFor(keyLength, valueLength);
    userBytes += (long) keyLength + valueLength;
  }

  static void requireKey(long keyLength) {
    if (keyLength > LogRecordFormat.KEY_BYTES_MAX) {
      throw new IllegalArgumentException(
          "key of " + keyLength + " bytes, at most " + LogRecordFormat.KEY_BYTES_MAX);
    }
  }
}
