package dev.iobus.bench.measure;

import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.IntCountsHistogram;

/// How long single operations took, in nanoseconds, within 1 %. Confined to one thread; the
/// histograms of several workers are added when all have ended.
public final class Latencies {

  private static final long LONGEST_NANOS = 3_600_000_000_000L;
  private static final long USUAL_NANOS = 1_000_000_000L;
  private static final int DIGITS = 2;

  /// Has room for a second, so that it does not grow while what it measures is watched for garbage,
  /// and grows beyond that: a thousand workers have one each, of 12 KiB.
  private final IntCountsHistogram histogram = new IntCountsHistogram(USUAL_NANOS, DIGITS);

  public Latencies() {
    histogram.setAutoResize(true);
  }

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
