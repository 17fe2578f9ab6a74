package dev.iobus.bench.cache;

import dev.iobus.bench.workload.KeyChooser;
import dev.iobus.bench.workload.Scatter;
import java.util.Locale;
import java.util.function.LongUnaryOperator;

/// Which block is used when, for a cache of some size.
enum CacheTrace {
  /// YCSB's zipfian over ten times as many blocks as the cache holds.
  ZIPFIAN,
  /// The same; one quarter of the time a scan of blocks that are used at no other time goes on.
  SCAN,
  /// The same, with a use in a scan after each.
  BESIDE_A_SCAN,
  /// Twice as many blocks as the cache holds, one after the other, again and again.
  LOOP,
  /// Zipfian over blocks that are others after every 24 uses for each block of the cache.
  MOVING;

  private static final int SPREAD = 10;
  private static final int SCAN_PART = 4;
  private static final int SCAN_LENGTH = 2;
  private static final int STAY = 24;

  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /// From the number of a use to its block.
  ///
  /// @param capacity blocks that the cache holds
  LongUnaryOperator blocks(int capacity) {
    long spread = (long) SPREAD * capacity;
    KeyChooser zipfian = KeyChooser.zipfian(spread, KeyChooser.YCSB_EXPONENT);
    LongUnaryOperator hot = index -> zipfian.choose(Scatter.mix(index));
    long scanLength = (long) SCAN_LENGTH * capacity;
    return switch (this) {
      case ZIPFIAN -> hot;
      case SCAN ->
          index -> {
            long turn = index / scanLength;
            return turn % SCAN_PART == SCAN_PART - 1
                ? spread + turn / SCAN_PART * scanLength + index % scanLength
                : hot.applyAsLong(index);
          };
      case BESIDE_A_SCAN ->
          index -> index % 2 == 0 ? hot.applyAsLong(index) : spread + index / 2 % (2 * spread);
      case LOOP -> index -> index % (2L * capacity);
      case MOVING ->
          index -> hot.applyAsLong(index) + index / ((long) STAY * capacity) * spread;
    };
  }
}
