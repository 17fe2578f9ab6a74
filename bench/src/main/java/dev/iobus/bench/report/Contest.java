package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.result.Spread;
import java.util.List;

/// The reference against one peer in one workload, by operations per second. Immutable.
///
/// @param workload its place among the rows, from 0 on
/// @param name of the workload
/// @param peer the other subject
/// @param ratio the reference's median over the peer's; above 1 the reference is faster
/// @param outcome who is faster
record Contest(int workload, String name, String peer, double ratio, Outcome outcome) {

  /// Seen from the reference.
  enum Outcome {
    FASTER,
    EVEN,
    SLOWER
  }

  /// Medians that are closer than this share are even, also where the rounds do not overlap.
  static final double EVEN_SHARE = 0.02;

  /// The contest, or one with a ratio of NaN when one of both has no rate.
  static Contest of(int workload, String name, String peer, List<Run> ours, List<Run> theirs) {
    double[] own = Rows.values(ours, Metric.OPERATIONS_PER_SECOND);
    double[] other = Rows.values(theirs, Metric.OPERATIONS_PER_SECOND);
    if (own.length == 0 || other.length == 0) {
      return new Contest(workload, name, peer, Double.NaN, Outcome.EVEN);
    }
    Spread us = Spread.of(own);
    Spread them = Spread.of(other);
    if (us.median() <= 0 || them.median() <= 0) {
      return new Contest(workload, name, peer, Double.NaN, Outcome.EVEN);
    }
    return new Contest(workload, name, peer, us.median() / them.median(), outcome(us, them));
  }

  /// Faster or slower only where no round of one reaches into the rounds of the other.
  private static Outcome outcome(Spread us, Spread them) {
    double ratio = us.median() / them.median();
    boolean overlap = us.least() <= them.most() && them.least() <= us.most();
    if (overlap || Math.abs(ratio - 1) < EVEN_SHARE) {
      return Outcome.EVEN;
    }
    return ratio > 1 ? Outcome.FASTER : Outcome.SLOWER;
  }

  /// Whether both have a rate.
  boolean known() {
    return !Double.isNaN(ratio);
  }
}
