package dev.iobus.bench.report;

import dev.iobus.bench.result.Run;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/// The latencies of one subject in one workload, all rounds together, at even steps of
/// log₁₀(1 / (1 − p)): 0 is the fastest operation, 1 is p = 90 %, 2 is 99 %, 3 is 99.9 %.
final class PercentileCurve {

  /// Between two points of the curve; twenty of them from one nine to the next.
  static final double STEP = 0.05;

  /// The curve ends at 99.999 %.
  private static final double LAST = 5;

  /// Percentiles of fewer operations say nothing.
  private static final long OPERATIONS_MIN = 10;

  private static final int DIGITS = 2;

  private PercentileCurve() {}

  /// Whether there are operations enough for a curve.
  static boolean exists(List<Run> runs) {
    return runs.stream()
            .map(Run::latencies)
            .mapToLong(latencies -> latencies == null ? 0 : latencies.getTotalCount())
            .sum()
        >= OPERATIONS_MIN;
  }

  /// Nanoseconds at each step, as far as there are operations beyond it; none where there is no
  /// curve.
  static List<Long> of(List<Run> runs) {
    List<Long> nanos = new ArrayList<>();
    if (!exists(runs)) {
      return nanos;
    }
    Histogram all = together(runs);
    double end = Math.min(LAST, Math.log10((double) all.getTotalCount()));
    for (int i = 0; i * STEP <= end + STEP / 1_000; i++) {
      double percentile = 100 * (1 - Math.pow(10, -i * STEP));
      nanos.add(all.getValueAtPercentile(percentile));
    }
    return nanos;
  }

  private static Histogram together(List<Run> runs) {
    Histogram all = new Histogram(DIGITS);
    for (Run run : runs) {
      Histogram latencies = run.latencies();
      if (latencies != null) {
        all.add(latencies);
      }
    }
    return all;
  }
}
