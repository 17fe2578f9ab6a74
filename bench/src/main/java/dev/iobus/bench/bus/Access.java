package dev.iobus.bench.bus;

import java.util.Locale;

/// What a job does to its file, in the words of fio's `--rw`.
public enum Access {
  /// Reads blocks in their order, from the first again after the last.
  READ,
  /// Reads blocks at random.
  RANDREAD,
  /// Overwrites blocks in their order.
  WRITE,
  /// Overwrites blocks at random.
  RANDWRITE;

  boolean isWrite() {
    return this == WRITE || this == RANDWRITE;
  }

  boolean isRandom() {
    return this == RANDREAD || this == RANDWRITE;
  }

  /// As fio spells it.
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
