package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What a table says of itself; the source of its record in the manifest. Immutable by contract:
/// nobody changes the keys.
///
/// @param fileId the 64-bit random id in the file's header
/// @param size bytes of the file
/// @param digest over all blocks, see [SSTableFormat]
/// @param smallestKey user key of the first entry
/// @param smallestTag tag of the first entry
/// @param largestKey user key of the last entry
/// @param largestTag tag of the last entry
/// @param smallestSequence of all entries
/// @param largestSequence of all entries
/// @param entries how many there are, deletions among them, at least 1
/// @param deletions entries of kind DELETE and SINGLE_DELETE
/// @param rangeDeletions always 0 in what this version writes
/// @param leastExpiry the least expiry of an entry, or `Long.MAX_VALUE` when none expires
/// @param keyBytes of all entries, before compression
/// @param valueBytes of all entries, before compression
/// @param dataBlocks how many data blocks there are
/// @param paddingBytes in data blocks
public record TableProperties(
    long fileId,
    long size,
    long digest,
    byte[] smallestKey,
    long smallestTag,
    byte[] largestKey,
    long largestTag,
    long smallestSequence,
    long largestSequence,
    long entries,
    long deletions,
    long rangeDeletions,
    long leastExpiry,
    long keyBytes,
    long valueBytes,
    long dataBlocks,
    long paddingBytes) {

  static final long NO_EXPIRY = Long.MAX_VALUE;

  private static final int NUMBERS = 10;

  /// Bytes that [#write] takes.
  long contentLength() {
    int numberBytes = FormatRecords.HEADER_BYTES + Long.BYTES;
    return (long) (NUMBERS + 2) * numberBytes + smallestKey.length + largestKey.length;
  }

  /// Writes the content of the properties block.
  void write(MemorySegment target) {
    long at = 0;
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_ENTRIES, entries);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_DELETIONS, deletions);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_KEY_BYTES, keyBytes);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_VALUE_BYTES, valueBytes);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_DATA_BLOCKS, dataBlocks);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_PADDING_BYTES, paddingBytes);
    at = putKey(target, at, SSTableFormat.PROPERTY_SMALLEST, smallestKey, smallestTag);
    at = putKey(target, at, SSTableFormat.PROPERTY_LARGEST, largestKey, largestTag);
    at =
        FormatRecords.putLong(
            target, at, SSTableFormat.PROPERTY_SMALLEST_SEQUENCE, smallestSequence);
    at =
        FormatRecords.putLong(
            target, at, SSTableFormat.PROPERTY_LARGEST_SEQUENCE, largestSequence);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_RANGE_DELETIONS, rangeDeletions);
    at = FormatRecords.putLong(target, at, SSTableFormat.PROPERTY_LEAST_EXPIRY, leastExpiry);
    assert at == contentLength();
  }

  /// Reads the content of the properties block.
  ///
  /// @param offset where the block lies, for messages
  static TableProperties read(
      MemorySegment content, String path, long offset, long fileId, long size, long digest)
      throws CorruptionException, FormatVersionException {
    Reader reader = new Reader(path, offset);
    FormatRecords.read(content, path, offset, reader);
    long[] numbers = reader.numbers;
    for (int tag : Reader.REQUIRED) {
      if (!reader.seen[tag]) {
        throw new CorruptionException(path, offset, "properties without record " + tag);
      }
    }
    return new TableProperties(
        fileId,
        size,
        digest,
        reader.smallest,
        numbers[SSTableFormat.PROPERTY_SMALLEST],
        reader.largest,
        numbers[SSTableFormat.PROPERTY_LARGEST],
        numbers[SSTableFormat.PROPERTY_SMALLEST_SEQUENCE],
        numbers[SSTableFormat.PROPERTY_LARGEST_SEQUENCE],
        numbers[SSTableFormat.PROPERTY_ENTRIES],
        numbers[SSTableFormat.PROPERTY_DELETIONS],
        numbers[SSTableFormat.PROPERTY_RANGE_DELETIONS],
        numbers[SSTableFormat.PROPERTY_LEAST_EXPIRY],
        numbers[SSTableFormat.PROPERTY_KEY_BYTES],
        numbers[SSTableFormat.PROPERTY_VALUE_BYTES],
        numbers[SSTableFormat.PROPERTY_DATA_BLOCKS],
        numbers[SSTableFormat.PROPERTY_PADDING_BYTES]);
  }

  /// Whether `key` lies between the smallest and the largest user key.
  public boolean covers(MemorySegment key) {
    return InternalKey.compareKeys(MemorySegment.ofArray(smallestKey), key) <= 0
        && InternalKey.compareKeys(key, MemorySegment.ofArray(largestKey)) <= 0;
  }

  private static long putKey(MemorySegment target, long at, int tag, byte[] key, long keyTag) {
    long from = FormatRecords.begin(target, at, tag, Long.BYTES + key.length);
    Encoding.putLong(target, from, keyTag);
    MemorySegment.copy(key, 0, target, ValueLayout.JAVA_BYTE, from + Long.BYTES, key.length);
    return from + Long.BYTES + key.length;
  }

  /// Collects records by tag.
  private static final class Reader implements FormatRecords.Consumer {

    static final int[] REQUIRED = {1, 2, 128, 129, 130, 131, 132, 133};

    final long[] numbers = new long[256];
    final boolean[] seen = new boolean[256];
    byte[] smallest = {};
    byte[] largest = {};
    private final String path;
    private final long offset;

    Reader(String path, long offset) {
      this.path = path;
      this.offset = offset;
    }

    @Override
    public boolean take(int tag, MemorySegment records, long from, int length)
        throws CorruptionException {
      boolean isKey =
          tag == SSTableFormat.PROPERTY_SMALLEST || tag == SSTableFormat.PROPERTY_LARGEST;
      boolean known =
          (tag >= SSTableFormat.PROPERTY_ENTRIES && tag <= SSTableFormat.PROPERTY_PADDING_BYTES)
              || (tag >= SSTableFormat.PROPERTY_SMALLEST
                  && tag <= SSTableFormat.PROPERTY_LEAST_EXPIRY);
      if (!known) {
        return false;
      }
      boolean fits =
          isKey
              ? length >= Long.BYTES && length <= Long.BYTES + BlockFormat.KEY_MAX
              : length == Long.BYTES;
      if (!fits) {
        throw new CorruptionException(
            path, offset, "properties record " + tag + " of " + length + " bytes");
      }
      seen[tag] = true;
      numbers[tag] = Encoding.getLong(records, from);
      if (isKey) {
        byte[] key =
            records
                .asSlice(from + Long.BYTES, length - Long.BYTES)
                .toArray(ValueLayout.JAVA_BYTE);
        if (tag == SSTableFormat.PROPERTY_SMALLEST) {
          smallest = key;
        } else {
          largest = key;
        }
      }
      return true;
    }
  }
}
