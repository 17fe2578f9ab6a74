package dev.iobus.bench.review;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What changed for one subject in one workload. Immutable.
///
/// @param oldRate median of operations per second; NaN when not measured
/// @param newRate the same of the newer result
/// @param rounds that have a rate, on the side that has fewer
/// @param interval of the change of the rate; null where a side has fewer than two rates, or one
///     that is not above zero
/// @param verdict what follows of the interval
/// @param oldP99 median of the 99th percentile, in nanoseconds; decides nothing
/// @param newP99 the same of the newer result
record Delta(
    String workload,
    String subject,
    double oldRate,
    double newRate,
    int rounds,
    @Nullable ChangeInterval interval,
    Verdict verdict,
    double oldP99,
    double newP99) {

  /// How the newer result stands to the older one.
  enum Verdict {
    /// The whole interval is above the threshold.
    FASTER,
    /// The whole interval is below the negative threshold.
    SLOWER,
    /// The whole interval is within the threshold to both sides.
    SAME,
    /// Anything else: the rounds vary too much, or there are too few.
    UNSURE
  }

  /// @param threshold the share up to which a change is none, above 0
  static Delta of(String workload, String subject, List<Run> old, List<Run> now, double threshold) {
    double[] before = Rows.values(old, Metric.OPERATIONS_PER_SECOND);
    double[] after = Rows.values(now, Metric.OPERATIONS_PER_SECOND);
    ChangeInterval interval = ChangeInterval.between(before, after);
    return new Delta(
        workload,
        subject,
        Rows.median(old, Metric.OPERATIONS_PER_SECOND),
        Rows.median(now, Metric.OPERATIONS_PER_SECOND),
        Math.min(before.length, after.length),
        interval,
        verdict(interval, threshold),
        Rows.median(old, Metric.P99),
        Rows.median(now, Metric.P99));
  }

  private static Verdict verdict(@Nullable ChangeInterval interval, double threshold) {
    if (interval == null) {
      return Verdict.UNSURE;
    }
    if (interval.high() < -threshold) {
      return Verdict.SLOWER;
    }
    if (interval.low() > threshold) {
      return Verdict.FASTER;
    }
    boolean within = interval.low() >= -threshold && interval.high() <= threshold;
    return within ? Verdict.SAME : Verdict.UNSURE;
  }

  /// The change of the median, as a share; NaN when one is not known.
  double change() {
    return newRate / oldRate - 1;
  }

  /// The change of the 99th percentile, as a share; NaN when one is not known.
  double p99Change() {
    return newP99 / oldP99 - 1;
  }
}
