package dev.iobus.bench.kv;

import dev.iobus.bench.command.ByteSize;
import java.util.Locale;
import picocli.CommandLine.Option;

/// The options that say what the records look like and how much memory a store has for them.
final class DataOptions {

  @Option(
      names = "--keys",
      paramLabel = "N",
      description = "Records of a loaded store (250000).")
  private long keys;

  @Option(
      names = "--key-size",
      paramLabel = "BYTES",
      defaultValue = "16",
      description = "Length of a key (${DEFAULT-VALUE}).")
  private int keyBytes;

  @Option(
      names = "--value-size",
      paramLabel = "BYTES",
      defaultValue = "100",
      description = "Length of a value, at least 12 (${DEFAULT-VALUE}).")
  private int valueBytes;

  @Option(
      names = "--compressibility",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "What compression leaves of a value, above 0 up to 1 (${DEFAULT-VALUE}).")
  private double compressibility;

  @Option(
      names = "--no-compression",
      description = "Let no store compress its blocks; by default LZ4, where the store has it.")
  private boolean noCompression;

  @Option(
      names = "--cache",
      paramLabel = "SIZE",
      defaultValue = "0",
      converter = ByteSize.class,
      description = "Memory of a store for blocks, memtables and the like (96m).")
  private long memoryBytes;

  @Option(
      names = "--data-cache-ratio",
      paramLabel = "RATIO",
      defaultValue = "0",
      description = "Give stores so much memory that the data is RATIO times as large, at least 16m.")
  private double ratio;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Decides all that is random (${DEFAULT-VALUE}).")
  private long seed;

  private static final long MEMORY_BYTES_MIN = 16L << 20;

  long seed() {
    return seed;
  }

  DataShape shape(Preset preset) {
    long count = keys == 0 ? preset.records() : keys;
    return new DataShape(count, keyBytes, valueBytes, compressibility, !noCompression, seed);
  }

  /// What each subject may have, in bytes.
  ///
  /// @throws IllegalArgumentException when two options contradict one another
  long memoryBytes(Preset preset) {
    if (memoryBytes != 0 && ratio != 0) {
      throw new IllegalArgumentException("--cache and --data-cache-ratio exclude one another");
    }
    if (ratio < 0) {
      throw new IllegalArgumentException("--data-cache-ratio " + ratio + " is below 0");
    }
    if (ratio > 0) {
      return Math.max(MEMORY_BYTES_MIN, (long) (shape(preset).bytes() / ratio));
    }
    long chosen = memoryBytes == 0 ? preset.memoryBytes() : memoryBytes;
    if (chosen < MEMORY_BYTES_MIN) {
      throw new IllegalArgumentException(
          "--cache " + chosen + " is below " + MEMORY_BYTES_MIN + ", the least that stores work with");
    }
    return chosen;
  }

  String describe(DataShape data) {
    return String.format(
        Locale.ROOT,
        "%,d records, keys of %d B, values of %d B that compress to %.0f %%, %.0f MB; seed %d",
        data.count(),
        data.keyBytes(),
        data.valueBytes(),
        data.compressibility() * 100,
        data.bytes() / 1e6,
        seed);
  }
}
