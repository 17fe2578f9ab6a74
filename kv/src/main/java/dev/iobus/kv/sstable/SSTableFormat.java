package dev.iobus.kv.sstable;

/// The bytes of a table file. Little-endian; blocks as drawn in [BlockFormat], each in whole pages.
///
/// ```
///  | header page | data block … | range-deletion block | filter block | index block | properties | footer page |
///  0             4096           (absent when empty)    (may be absent)                  block      size − 4096
/// ```
///
/// - The *header page* holds the file header ([dev.iobus.storage.file.FileHeader]); the rest is
///   zero.
/// - The *properties block* and the *footer* hold records (tag 1, length 4, bytes). Unknown tags
///   below 128 are skipped, others refused: [FormatRecords].
/// - The *footer page*:
///
/// ```
///  0       8         12               16                      4092
///  | magic | version | records length | records … | zeros …   | CRC-32C 4 |
///  | 8     | 4       | 4              |           |           |           |
/// ```
///
/// whose checksum covers its first 4092 bytes, after the file id and the page's offset.
///
/// The *digest* of a table is [Hash64#combine] over its blocks in file order, starting with the
/// file id, each as `pages << 32 | block checksum`. The footer holds it, so a reader compares it
/// with the manifest's without reading the blocks; verifying a table computes it anew.
final class SSTableFormat {

  /// Of the file header and the footer.
  static final int VERSION = 1;

  /// `iobusSST` read as a little-endian long.
  static final long FOOTER_MAGIC = 0x5453_5373_7562_6F69L;

  static final int FOOTER_MAGIC_OFFSET = 0;
  static final int FOOTER_VERSION_OFFSET = 8;
  static final int FOOTER_RECORDS_LENGTH_OFFSET = 12;
  static final int FOOTER_RECORDS_OFFSET = 16;
  static final int FOOTER_CHECKSUM_OFFSET = BlockFormat.PAGE_BYTES - Integer.BYTES;

  // Footer tags. On disk: never renumber. A handle is offset 8, pages 4.

  /// A reader without it finds everything, only slower.
  static final int FOOTER_FILTER = 1;

  static final int FOOTER_INDEX = 128;
  static final int FOOTER_PROPERTIES = 129;
  static final int FOOTER_RANGE_DELETIONS = 130;
  static final int FOOTER_DIGEST = 131;
  static final int HANDLE_BYTES = 12;

  // Properties tags. On disk: never renumber. Numbers take 8 bytes.

  static final int PROPERTY_ENTRIES = 1;
  static final int PROPERTY_DELETIONS = 2;
  static final int PROPERTY_KEY_BYTES = 3;
  static final int PROPERTY_VALUE_BYTES = 4;
  static final int PROPERTY_DATA_BLOCKS = 5;
  static final int PROPERTY_PADDING_BYTES = 6;

  /// Tag 8, then the key.
  static final int PROPERTY_SMALLEST = 128;

  /// Tag 8, then the key.
  static final int PROPERTY_LARGEST = 129;

  static final int PROPERTY_SMALLEST_SEQUENCE = 130;
  static final int PROPERTY_LARGEST_SEQUENCE = 131;
  static final int PROPERTY_RANGE_DELETIONS = 132;
  static final int PROPERTY_LEAST_EXPIRY = 133;

  private SSTableFormat() {}

  /// The digest before the first block.
  static long digestBegin(long fileId) {
    return Hash64.combine(0, fileId);
  }

  /// The digest with one more block.
  static long digest(long digest, int pages, int checksum) {
    return Hash64.combine(digest, (long) pages << 32 | (checksum & 0xffff_ffffL));
  }
}
