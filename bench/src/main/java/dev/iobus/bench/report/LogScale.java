package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import java.util.ArrayList;
import java.util.List;

/// Places rates of very different size on one line. Immutable.
///
/// @param first the power of ten at the left end
/// @param last the power of ten at the right end, above `first`
record LogScale(int first, int last) {

  /// Whole decades around all rates of `findings` that count.
  static LogScale of(Findings findings) {
    double[] rates =
        findings.workloads().stream()
            .flatMap(workload -> workload.subjects().values().stream())
            .flatMap(List::stream)
            .mapToDouble(run -> run.value(Metric.OPERATIONS_PER_SECOND))
            .filter(rate -> rate > 0)
            .sorted()
            .toArray();
    if (rates.length == 0) {
      return new LogScale(0, 1);
    }
    int first = (int) Math.floor(Math.log10(rates[0]));
    int last = (int) Math.ceil(Math.log10(rates[rates.length - 1]));
    return new LogScale(first, Math.max(last, first + 1));
  }

  /// Where `rate` lies: 0 at the left end, 1 at the right one.
  double share(double rate) {
    return (Math.log10(rate) - first) / (last - first);
  }

  /// All powers of ten from end to end.
  List<Double> decades() {
    List<Double> decades = new ArrayList<>();
    for (int i = first; i <= last; i++) {
      decades.add(Math.pow(10, i));
    }
    return decades;
  }
}
