package dev.iobus.bench.kv;

import dev.iobus.bench.workload.Records;
import java.util.Locale;

/// What the records look like. Immutable.
///
/// @param count records of a loaded store
/// @param keyBytes length of a key
/// @param valueBytes length of a value
/// @param compressibility the share of a value that compression leaves
/// @param compression whether stores compress their blocks, where they can
/// @param seed of the values' bytes
record DataShape(
    long count,
    int keyBytes,
    int valueBytes,
    double compressibility,
    boolean compression,
    long seed) {

  /// Versions, and an order to write them in.
  private static final long HISTORY_BYTES = 16;

  /// The harness remembers what was written of each.
  static final int COUNT_MAX = 100_000_000;

  DataShape {
    if (count < 1 || count > COUNT_MAX) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "records are counted from 1 to %,d, not %,d", COUNT_MAX, count));
    }
  }

  /// What the harness needs of the heap for them, in bytes.
  long historyBytes() {
    return count * HISTORY_BYTES;
  }

  Records records() {
    return new Records(count, keyBytes, valueBytes, compressibility, seed);
  }

  /// Bytes of all keys and values.
  long bytes() {
    return count * (keyBytes + valueBytes);
  }
}
