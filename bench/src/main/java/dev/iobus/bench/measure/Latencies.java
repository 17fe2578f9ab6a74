package dev.iobus.bench.measure;

import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.IntCountsHistogram;

/// How long single operations took, in nanoseconds, within 1 %. Confined to one thread; the
/// histograms of several workers are added when all have ended.
public final class Latencies {

  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final int DIGITS = 2;

  /// Grows with the longest time that was seen: a thousand workers have one each.
  private final IntCountsHistogram histogram = new IntCountsHistogram(DIGITS);

  /// Counts one operation. What lasted longer than an hour counts as an hour.
  public void record(long nanos) {
    histogram.recordValue(Math.clamp(nanos, 1, LONGEST_NANOS));
  }

  /// The same, as a new histogram that can take the counts of many.
  public Histogram toHistogram() {
    Histogram copy = new Histogram(DIGITS);
    copy.add(histogram);
    return copy;
  }

  /// Adds what these have counted to `sum`, which any [#toHistogram()] has made.
  public void addTo(AbstractHistogram sum) {
    sum.add(histogram);
  }

  public long count() {
    return histogram.getTotalCount();
  }

  /// The time within which `percentile` percent of the operations ended; NaN when there was none.
  ///
  /// @param percentile 0 to 100
  public double nanosAt(double percentile) {
    return nanosAt(histogram, percentile);
  }

  /// As [#nanosAt(double)], of any histogram of nanoseconds.
  public static double nanosAt(AbstractHistogram histogram, double percentile) {
    return histogram.getTotalCount() == 0
        ? Double.NaN
        : histogram.getValueAtPercentile(percentile);
  }
}
