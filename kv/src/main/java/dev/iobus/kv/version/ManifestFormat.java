package dev.iobus.kv.version;

/// The bytes of an edit in the manifest. Little-endian. The frames around it, with their checksum
/// over place and length, are the log's.
///
/// ```
/// edit   = field*
/// field  = tag u8 | length u32 | bytes
/// number = a field of eight bytes
/// ```
///
/// Fields may come in any order. A reader passes over tags below 128 that it does not know, and
/// refuses others. On disk: never renumber.
///
/// The first edit of a manifest carries [#FORMAT] and [#COMPARATOR]. The edits of a manifest,
/// applied in order to an empty store, give its state.
final class ManifestFormat {

  /// The one format number of a store; raised only by an explicit upgrade.
  static final long CURRENT_FORMAT = 1;

  /// Keys are ordered as unsigned bytes; there is no other order.
  static final String BYTEWISE = "bytewise";

  static final int FIELD_HEADER_BYTES = 5;
  static final int FIRST_REQUIRED_TAG = 128;

  // Fields of an edit.

  /// Number: all log bytes below this position were durable when the edit was written.
  static final int DURABLE_MARK = 1;

  /// Number.
  static final int FORMAT = 128;

  /// UTF-8.
  static final int COMPARATOR = 129;

  /// Fields of one table.
  static final int ADD_TABLE = 130;

  /// Number of the table's file. Removals of an edit come before its additions, so that a table can
  /// be moved to another level.
  static final int REMOVE_TABLE = 131;

  /// Number: the first log position that is still needed.
  static final int LOG_START = 132;

  /// Number: no file with this number or a larger one was ever made.
  static final int NEXT_FILE = 133;

  /// Number: the largest sequence in any table.
  static final int LAST_SEQUENCE = 134;

  /// u32 id, then the name in UTF-8.
  static final int KEYSPACE = 135;

  // Fields of a table. All are numbers but the two keys.

  static final int ENTRIES = 2;
  static final int DELETIONS = 3;
  static final int TABLE_NUMBER = 128;
  static final int FILE_ID = 129;
  static final int SIZE = 130;
  static final int DIGEST = 131;
  static final int TABLE_KEYSPACE = 132;
  static final int LEVEL = 133;

  /// Tag u64, exclusive u8 (0 or 1), user key.
  static final int SMALLEST = 134;

  static final int LARGEST = 135;
  static final int SMALLEST_SEQUENCE = 136;
  static final int LARGEST_SEQUENCE = 137;
  static final int GLOBAL_SEQUENCE = 138;
  static final int RANGE_DELETIONS = 139;
  static final int LEAST_EXPIRY = 140;

  /// One for each value file that the table refers to.
  static final int VALUE_FILE = 141;

  // Inside SMALLEST and LARGEST.

  static final long BOUND_TAG = 0;
  static final long BOUND_EXCLUSIVE = 8;
  static final long BOUND_KEY = 9;

  private ManifestFormat() {}
}
