package dev.iobus.bench.report;

import dev.iobus.bench.measure.Series;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.result.Spread;
import java.util.ArrayList;
import java.util.List;

/// How fast one subject was over time in one workload: for each interval since the start of a round
/// the median of the rounds, the least and the most. Immutable.
///
/// @param seconds the length of an interval
/// @param spreads one for each interval, operations per second
record SeriesBand(double seconds, List<Spread> spreads) {

  /// Longer series are averaged down to about so many intervals: no chart is wider.
  private static final int INTERVALS_MAX = 1_000;

  /// The band of all rounds that have a series; no spreads when none has. A round that ended
  /// earlier than others counts up to its end.
  static SeriesBand of(List<Run> runs) {
    List<Series> rounds =
        runs.stream().map(Run::series).filter(series -> !series.rates().isEmpty()).toList();
    long interval = interval(rounds);
    List<double[]> rates = rounds.stream().map(round -> merged(round, interval)).toList();
    int length = rates.stream().mapToInt(round -> round.length).max().orElse(0);
    List<Spread> spreads = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      int at = i;
      spreads.add(
          Spread.of(
              rates.stream()
                  .filter(round -> at < round.length)
                  .mapToDouble(round -> round[at])
                  .toArray()));
    }
    return new SeriesBand(interval / 1e9, List.copyOf(spreads));
  }

  /// The widest interval of all, or a multiple of it.
  private static long interval(List<Series> rounds) {
    long widest = rounds.stream().mapToLong(Series::intervalNanos).max().orElse(1);
    double longest =
        rounds.stream()
            .mapToDouble(round -> (double) round.rates().size() * round.intervalNanos())
            .max()
            .orElse(1);
    return widest * (long) Math.max(1, Math.ceil(longest / widest / INTERVALS_MAX));
  }

  /// Whether the band has two points, which a line needs.
  static boolean exists(List<Run> runs) {
    return of(runs).spreads().size() > 1;
  }

  /// The rates of `series` in intervals as long as those of the others: a round that lasted a
  /// little longer than the rest has wider ones.
  private static double[] merged(Series series, long interval) {
    int each = Math.toIntExact(Math.max(1, Math.round((double) interval / series.intervalNanos())));
    List<Double> rates = series.rates();
    double[] merged = new double[(rates.size() + each - 1) / each];
    for (int i = 0; i < merged.length; i++) {
      List<Double> part = rates.subList(i * each, Math.min(rates.size(), (i + 1) * each));
      merged[i] = part.stream().mapToDouble(rate -> rate).average().orElse(0);
    }
    return merged;
  }
}
