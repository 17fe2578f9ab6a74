package dev.iobus.bench.measure;

import org.HdrHistogram.Histogram;

/// How long single operations took, in nanoseconds, within 1 %. Confined to one thread; the
/// histograms of several workers are added when all have ended.
public final class Latencies {

  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final int DIGITS = 2;

  private final Histogram histogram = new Histogram(1, LONGEST_NANOS, DIGITS);

  /// Counts one operation. What lasted longer than an hour counts as an hour.
  public void record(long nanos) {
    histogram.recordValue(Math.clamp(nanos, 1, LONGEST_NANOS));
  }

  /// Adds all that `other` has counted.
  public void add(Latencies other) {
    histogram.add(other.histogram);
  }

  public long count() {
    return histogram.getTotalCount();
  }

  /// The time within which `percentile` percent of the operations ended; NaN when there was none.
  ///
  /// @param percentile 0 to 100
  public double nanosAt(double percentile) {
    return count() == 0 ? Double.NaN : histogram.getValueAtPercentile(percentile);
  }
}
