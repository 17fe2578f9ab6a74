package dev.iobus.bench.workload;

/// Ranks of which rank `k` has odds in proportion to `1 / k^exponent`, exactly, in constant time.
/// Immutable.
///
/// Rejection-inversion (W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from
/// monotone discrete distributions", ACM TOMACS 6/3, 1996): a point under the integral of
/// `x^-exponent` is drawn by inverting it, rounded to a rank, and kept when it lies under the bar of
/// that rank. Fewer than 1.2 points are drawn on average. YCSB's own generator (after Gray et al.,
/// SIGMOD 1994) needs a sum over all ranks first and is exact for the first two only.
public final class Zipfian {

  private final long count;
  private final double exponent;
  /// The integral at the lower edge of the bar of rank 1, where that bar is cut to height 1.
  private final double lower;
  private final double upper;
  /// Points so far left of their rank are under its bar whatever their height.
  private final double certain;

  /// @param count ranks, at least 1
  /// @param exponent above 0; 1 included
  public Zipfian(long count, double exponent) {
    if (count < 1) {
      throw new IllegalArgumentException("rank count " + count + " is below 1");
    }
    if (!(exponent > 0) || Double.isInfinite(exponent)) {
      throw new IllegalArgumentException("exponent " + exponent + " is not above 0");
    }
    this.count = count;
    this.exponent = exponent;
    this.lower = integral(1.5) - 1;
    this.upper = integral(count + 0.5);
    this.certain = 2 - inverse(integral(2.5) - bar(2));
  }

  /// A rank from 1, the most likely one, to `count`.
  ///
  /// @param bits what [Scatter#mix(long)] gave; decides the rank
  public long rank(long bits) {
    long state = bits;
    while (true) {
      double u = upper + Scatter.unit(state) * (lower - upper);
      double x = inverse(u);
      long k = Math.clamp((long) (x + 0.5), 1L, count);
      if (k - x <= certain || u >= integral(k + 0.5) - bar((double) k)) {
        return k;
      }
      state = Scatter.mix(state);
    }
  }

  /// The odds of a rank, not divided by their sum.
  private double bar(double x) {
    return Math.exp(-exponent * Math.log(x));
  }

  /// An antiderivative of [#bar].
  private double integral(double x) {
    double log = Math.log(x);
    return quotient((1 - exponent) * log) * log;
  }

  private double inverse(double y) {
    double t = Math.max(-1, y * (1 - exponent));
    return Math.exp(logQuotient(t) * y);
  }

  /// `(e^t - 1) / t`, also where `t` is 0.
  private static double quotient(double t) {
    return Math.abs(t) > 1e-8 ? Math.expm1(t) / t : 1 + t / 2;
  }

  /// `log(1 + t) / t`, also where `t` is 0.
  private static double logQuotient(double t) {
    return Math.abs(t) > 1e-8 ? Math.log1p(t) / t : 1 - t / 2;
  }
}
