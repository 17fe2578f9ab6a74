package dev.iobus.bench.kv;

import dev.iobus.bench.workload.Records;

/// What the records look like. Immutable.
///
/// @param count records of a loaded store
/// @param keyBytes length of a key
/// @param valueBytes length of a value
/// @param compressibility the share of a value that compression leaves
/// @param compression whether stores compress their blocks, where they can
/// @param seed of the values' bytes
record DataShape(
    int count,
    int keyBytes,
    int valueBytes,
    double compressibility,
    boolean compression,
    long seed) {

  Records records() {
    return new Records(count, keyBytes, valueBytes, compressibility, seed);
  }

  /// Bytes of all keys and values.
  long bytes() {
    return (long) count * (keyBytes + valueBytes);
  }
}
