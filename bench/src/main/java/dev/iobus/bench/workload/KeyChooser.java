package dev.iobus.bench.workload;

import java.util.function.LongSupplier;

/// Decides which record a step is about. Thread-safe; the choice depends on the bits alone, and for
/// [#latest] on how many records there are.
@FunctionalInterface
public interface KeyChooser {

  /// The exponent that YCSB uses.
  double YCSB_EXPONENT = 0.99;

  /// The number of a record.
  ///
  /// @param bits what [Scatter#mix(long)] gave; decides the choice
  long choose(long bits);

  /// Every record with the same odds.
  ///
  /// @param count records, at least 1
  static KeyChooser uniform(long count) {
    return bits -> Scatter.below(bits, count);
  }

  /// Few records are hot, and the hot ones lie anywhere among the keys: YCSB's scrambled zipfian.
  ///
  /// @param count records, at least 1
  /// @param exponent above 0, such as [#YCSB_EXPONENT]
  static KeyChooser zipfian(long count, double exponent) {
    Zipfian ranks = new Zipfian(count, exponent);
    return bits -> Scatter.below(Scatter.mix(ranks.rank(bits)), count);
  }

  /// The records that were inserted last are the hot ones.
  ///
  /// @param loaded records that there are at first, at least 1
  /// @param count how many there are now, at least `loaded`
  /// @param exponent above 0
  static KeyChooser latest(long loaded, LongSupplier count, double exponent) {
    Zipfian ranks = new Zipfian(loaded, exponent);
    return bits -> count.getAsLong() - ranks.rank(bits);
  }
}
