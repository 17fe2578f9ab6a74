package dev.iobus.kv;

/// The bytes of one batch: a record of the log, and what a [WriteBatch] builds. Little-endian.
///
/// ```
///  0               8         12
///  | base sequence | count   | entry × count …
///  | long          | int     |
///
/// entry = kind u8 | keyspace varint | key length varint | [value length varint] | key | [value]
/// ```
///
/// The entries have the sequences from the base on, one each. A value is there for kinds that have
/// one. The base is 0 until the batch is committed. The log's frame around the record holds the
/// checksum and the length. On disk: never change.
final class LogRecordFormat {

  static final int BASE_SEQUENCE = 0;
  static final int COUNT = 8;
  static final int HEADER_BYTES = 12;

  /// The keyspace that every entry is in as long as there is one.
  static final int KEYSPACE = 1;

  static final int KEY_BYTES_MAX = 65_535;
  static final int BATCH_BYTES_MAX = 64 << 20;
  static final int VALUE_BYTES_MAX = BATCH_BYTES_MAX - (128 << 10);

  static {
    // One entry of the largest key and value always fits a batch: kind, keyspace, two lengths.
    assert HEADER_BYTES + 1 + 1 + 3 + 4 + KEY_BYTES_MAX + VALUE_BYTES_MAX <= BATCH_BYTES_MAX;
  }

  private LogRecordFormat() {}
}
