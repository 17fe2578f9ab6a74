package dev.iobus.kv.sstable;

import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;

/// The bytes of a block, stored and decoded. Stateless, so thread-safe.
///
/// Stored, in whole pages of 4 KiB; all integers little-endian:
///
/// ```
///  0          1             2       3      4        8         12      16       20
///  | checksum | compression | block | zero | stored | decoded | entry | CRC-32C | content … | zeros |
///  | kind 1   | kind 1      | kind 1| 1    | len. 4 | len. 4  | count 4 | 4     |           | to page |
/// ```
///
/// The checksum covers all stored pages but its own four bytes, after the file id and the block's
/// offset: padding too, so that no byte on disk is outside a checksum. *Stored length* is that of
/// the content as stored, *decoded length* that of the content after decompression.
///
/// Decoded content of a data block:
///
/// ```
///  | entry … | restart offset 4 × R | hash bucket 1 × H | R 4 | H 4 |
///
///  entry: | shared | unshared | value length | sequence | kind 1 | key from `shared` on | value |
///         | varint | varint   | varint       | varint   |        |                      |       |
/// ```
///
/// Every sixteenth entry is a *restart point*: it shares nothing with the key before. A bucket
/// holds the number of the restart point whose sixteen entries have all versions of the keys that
/// hash to it, 254 when they lie in several, 255 when there is no such key.
final class BlockFormat {

  /// Unit of storage, in bytes.
  static final int PAGE_BYTES = 4096;

  static final int CHECKSUM_KIND_OFFSET = 0;
  static final int COMPRESSION_OFFSET = 1;
  static final int BLOCK_KIND_OFFSET = 2;
  static final int ZERO_OFFSET = 3;
  static final int STORED_LENGTH_OFFSET = 4;
  static final int DECODED_LENGTH_OFFSET = 8;
  static final int ENTRY_COUNT_OFFSET = 12;
  static final int CHECKSUM_OFFSET = 16;
  static final int HEADER_BYTES = 20;

  /// The only checksum kind: CRC-32C.
  static final int CHECKSUM_CRC32C = 1;

  /// Entries from one restart point to the next.
  static final int RESTART_INTERVAL = 16;

  /// The trailer of a data block: R and H.
  static final int TRAILER_BYTES = 8;

  static final int HASH_COLLISION = 254;
  static final int HASH_EMPTY = 255;
  static final int HASH_RESTARTS_MAX = 253;

  /// Four entry fields at their longest, with the kind: what comes before the key.
  static final int ENTRY_HEADER_MAX = 3 * 5 + 8 + 1;

  static final int KEY_MAX = 65_535;

  /// Content longer than this was not written by any version: the largest entry and its header.
  static final int DECODED_MAX = 64 << 20;

  private BlockFormat() {}

  /// Pages that a block with `storedLength` bytes of content takes.
  static int pages(long storedLength) {
    return (int) ((HEADER_BYTES + storedLength + PAGE_BYTES - 1) / PAGE_BYTES);
  }

  /// Completes a block whose content lies at [#HEADER_BYTES]: writes the header, zeros the padding.
  /// Returns the checksum.
  static int seal(
      MemorySegment stored,
      Codec codec,
      BlockKind kind,
      int storedLength,
      int decodedLength,
      int entries,
      long fileId,
      long offset) {
    int size = pages(storedLength) * PAGE_BYTES;
    int end = HEADER_BYTES + storedLength;
    stored.asSlice(end, size - end).fill((byte) 0);
    Encoding.putByte(stored, CHECKSUM_KIND_OFFSET, CHECKSUM_CRC32C);
    Encoding.putByte(stored, COMPRESSION_OFFSET, codec.code());
    Encoding.putByte(stored, BLOCK_KIND_OFFSET, kind.code());
    Encoding.putByte(stored, ZERO_OFFSET, 0);
    Encoding.putInt(stored, STORED_LENGTH_OFFSET, storedLength);
    Encoding.putInt(stored, DECODED_LENGTH_OFFSET, decodedLength);
    Encoding.putInt(stored, ENTRY_COUNT_OFFSET, entries);
    int checksum = checksum(stored, size, fileId, offset);
    Encoding.putInt(stored, CHECKSUM_OFFSET, checksum);
    return checksum;
  }

  /// Checks everything that a stored block says of itself. Returns its decoded length.
  ///
  /// @param stored all pages of the block
  static int verify(
      MemorySegment stored, BlockKind kind, String path, long fileId, long offset)
      throws CorruptionException {
    long size = stored.byteSize();
    if (size < PAGE_BYTES || size % PAGE_BYTES != 0) {
      throw new CorruptionException(path, offset, "a block of " + size + " bytes: cut off");
    }
    int found = Encoding.getInt(stored, CHECKSUM_OFFSET);
    int expected = checksum(stored, size, fileId, offset);
    int checksumKind = Encoding.getByte(stored, CHECKSUM_KIND_OFFSET);
    if (found != expected || checksumKind != CHECKSUM_CRC32C) {
      throw new CorruptionException(
          path,
          offset,
          "block checksum of kind " + checksumKind + " is " + Integer.toHexString(found)
              + ", expected kind " + CHECKSUM_CRC32C + " and " + Integer.toHexString(expected));
    }
    int foundKind = Encoding.getByte(stored, BLOCK_KIND_OFFSET);
    if (foundKind != kind.code()) {
      throw new CorruptionException(
          path, offset, "block kind " + foundKind + ", expected " + kind.code() + " " + kind);
    }
    int storedLength = Encoding.getInt(stored, STORED_LENGTH_OFFSET);
    int decodedLength = Encoding.getInt(stored, DECODED_LENGTH_OFFSET);
    int compression = Encoding.getByte(stored, COMPRESSION_OFFSET);
    boolean fits =
        storedLength >= 0
            && (long) pages(storedLength) * PAGE_BYTES == size
            && decodedLength >= 0
            && decodedLength <= DECODED_MAX
            && (compression != Codec.NONE.code() || decodedLength == storedLength);
    if (!fits) {
      throw new CorruptionException(
          path,
          offset,
          "a block of " + size + " bytes cannot store " + storedLength + " bytes that decode to "
              + decodedLength + ", compression kind " + compression);
    }
    if (compression != Codec.NONE.code() && compression != Codec.LZ4.code()) {
      throw new CorruptionException(
          path, offset, "compression kind " + compression + ", this version knows 0 and 1");
    }
    return decodedLength;
  }

  /// Decodes a verified block into `target`, which has exactly its decoded length.
  static void decode(MemorySegment stored, MemorySegment target, String path, long offset)
      throws CorruptionException {
    int length = Encoding.getInt(stored, STORED_LENGTH_OFFSET);
    Codec codec =
        Encoding.getByte(stored, COMPRESSION_OFFSET) == Codec.NONE.code() ? Codec.NONE : Codec.LZ4;
    if (length < 0
        || length > stored.byteSize() - HEADER_BYTES
        || !codec.decompress(stored.asSlice(HEADER_BYTES, length), target)) {
      throw new CorruptionException(
          path, offset, codec + " content does not decode to " + target.byteSize() + " bytes");
    }
  }

  /// Whether a stored block's content lies in it as it is.
  static boolean isPlain(MemorySegment stored) {
    return Encoding.getByte(stored, COMPRESSION_OFFSET) == Codec.NONE.code();
  }

  /// The checksum field of a stored block.
  static int storedChecksum(MemorySegment stored) {
    return Encoding.getInt(stored, CHECKSUM_OFFSET);
  }

  static int entryCount(MemorySegment stored) {
    return Encoding.getInt(stored, ENTRY_COUNT_OFFSET);
  }

  private static int checksum(MemorySegment stored, long size, long fileId, long offset) {
    return new Checksum()
        .begin(fileId, offset)
        .update(stored, 0, CHECKSUM_OFFSET)
        .update(stored, HEADER_BYTES, size - HEADER_BYTES)
        .value();
  }
}
