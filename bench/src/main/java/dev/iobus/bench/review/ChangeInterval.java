package dev.iobus.bench.review;

import java.util.Arrays;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.jspecify.annotations.Nullable;

/// Between which shares a rate changed, with a confidence of 95 %. Immutable.
///
/// Rates vary by shares rather than by amounts, so it is their logarithms whose means are compared,
/// by Welch's method [1]: the two sides may vary differently, and may have run differently often.
///
/// [1] B. L. Welch, The generalization of "Student's" problem when several different population
/// variances are involved, Biometrika 34 (1947), 28–35.
///
/// @param low the least change, as a share: −0.1 is 10 % slower
/// @param high the greatest change
record ChangeInterval(double low, double high) {

  private static final double CONFIDENCE = 0.95;

  /// The interval of the change from `before` to `after`; null where a side has fewer than two
  /// values, or one that is not above zero.
  static @Nullable ChangeInterval between(double[] before, double[] after) {
    if (before.length < 2 || after.length < 2 || !positive(before) || !positive(after)) {
      return null;
    }
    double[] old = logarithms(before);
    double[] now = logarithms(after);
    double difference = StatUtils.mean(now) - StatUtils.mean(old);
    double oldShare = StatUtils.variance(old) / old.length;
    double newShare = StatUtils.variance(now) / now.length;
    double variance = oldShare + newShare;
    double margin = 0;
    if (variance > 0) {
      double freedom =
          variance
              * variance
              / (oldShare * oldShare / (old.length - 1) + newShare * newShare / (now.length - 1));
      double t = new TDistribution(freedom).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
      margin = t * Math.sqrt(variance);
    }
    return new ChangeInterval(Math.expm1(difference - margin), Math.expm1(difference + margin));
  }

  private static boolean positive(double[] values) {
    return Arrays.stream(values).allMatch(value -> value > 0);
  }

  private static double[] logarithms(double[] values) {
    return Arrays.stream(values).map(Math::log).toArray();
  }
}
