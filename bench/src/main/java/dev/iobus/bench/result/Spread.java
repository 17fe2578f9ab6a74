package dev.iobus.bench.result;

import java.util.Arrays;

/// What repeated runs of one thing gave. Immutable.
///
/// @param least the smallest value
/// @param median the value in the middle; the mean of two when their number is even
/// @param most the largest value
public record Spread(double least, double median, double most) {

  /// The spread of some values.
  ///
  /// @param values at least one
  public static Spread of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("no values");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(sorted[0], median, sorted[sorted.length - 1]);
  }
}
