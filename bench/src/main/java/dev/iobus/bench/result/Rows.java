package dev.iobus.bench.result;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The runs of a result by workload and subject, both in the order in which they first ran.
/// Superseded runs are left out. Immutable.
///
/// @param workloads the subjects of each workload, the runs of each subject
public record Rows(SequencedMap<String, SequencedMap<String, List<Run>>> workloads) {

  /// The rows of `result`.
  public static Rows of(Result result) {
    SequencedMap<String, SequencedMap<String, List<Run>>> workloads = new LinkedHashMap<>();
    for (Run run : result.runs()) {
      if (!run.superseded()) {
        workloads
            .computeIfAbsent(run.workload(), w -> new LinkedHashMap<>())
            .computeIfAbsent(run.subject(), s -> new ArrayList<>())
            .add(run);
      }
    }
    return new Rows(workloads);
  }

  /// The values of `metric` in the runs that have it, in their order.
  public static double[] values(List<Run> runs, Metric metric) {
    return runs.stream()
        .mapToDouble(run -> run.value(metric))
        .filter(value -> !Double.isNaN(value))
        .toArray();
  }

  /// The median of `metric`; NaN when no run has it.
  public static double median(List<Run> runs, Metric metric) {
    double[] values = values(runs, metric);
    return values.length == 0 ? Double.NaN : Spread.of(values).median();
  }

  /// The first subject's median of `metric` over that of `subject`; NaN when one is not known.
  public static double ratio(
      SequencedMap<String, List<Run>> subjects, String subject, Metric metric) {
    List<Run> runs = subjects.get(subject);
    return runs == null
        ? Double.NaN
        : median(subjects.firstEntry().getValue(), metric) / median(runs, metric);
  }
}
