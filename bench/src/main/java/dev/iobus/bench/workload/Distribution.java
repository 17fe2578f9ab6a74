package dev.iobus.bench.workload;

import java.util.function.LongSupplier;

/// How records are chosen.
public enum Distribution {
  UNIFORM,
  /// Exponent 0.99, scattered over the keys.
  ZIPFIAN,
  /// Exponent 0.99, hot are the records that were inserted last.
  LATEST;

  /// @param loaded records that there are at first
  /// @param count how many there are now
  KeyChooser over(long loaded, LongSupplier count) {
    return switch (this) {
      case UNIFORM -> KeyChooser.uniform(loaded);
      case ZIPFIAN -> KeyChooser.zipfian(loaded, KeyChooser.YCSB_EXPONENT);
      case LATEST -> KeyChooser.latest(loaded, count, KeyChooser.YCSB_EXPONENT);
    };
  }
}
