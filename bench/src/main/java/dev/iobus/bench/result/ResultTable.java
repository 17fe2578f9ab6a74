package dev.iobus.bench.result;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/// Prints a [Result] for people: a line for each workload and subject with medians and their range,
/// a second table with what it cost, then the facts.
public final class ResultTable {

  private static final String ABSENT = "-";
  private static final String SPEED =
      "%-40s %-19s %13s %25s %10s %10s %10s %7s%n";
  private static final String COST =
      "%-40s %-19s %9s %9s %9s %10s %7s %7s %8s %8s %8s %7s %7s%n";

  private ResultTable() {}

  /// Prints everything.
  public static void print(Result result, PrintStream out) {
    Rows rows = Rows.of(result);
    out.printf(
        Locale.ROOT,
        SPEED,
        "workload", "subject", "ops/s", "least .. most", "p50 µs", "p99 µs", "p99.9 µs", "ratio");
    rows.workloads().forEach((workload, subjects) -> speed(workload, subjects, out));
    out.println();
    if (result.runs().stream().anyMatch(run -> !Double.isNaN(run.value(Metric.CPU_PER_OPERATION)))) {
      costs(rows, out);
    }
    out.println("Medians. ratio: the first subject's rate over this one's; noise: processors used");
    out.println("by others and by the hypervisor; -: not measured.");
    out.println();
    AimTable.print(result, out);
    result.facts().forEach((name, value) -> fact(name, value, out));
    result.environment().forEach((name, value) -> fact(name, value, out));
    if (!result.passed()) {
      out.println();
      out.println("FAILED: " + result.failure());
    }
  }

  private static void costs(Rows rows, PrintStream out) {
    out.printf(
        Locale.ROOT,
        COST,
        "workload", "subject", "CPU µs/op", "heap B/op", "read B/op", "written/op", "w.amp.",
        "sp.amp.", "RSS MiB", "GC ms", "stall ms", "queue", "noise %");
    rows.workloads().forEach((workload, subjects) -> cost(workload, subjects, out));
    out.println();
  }

  private static void fact(String name, String value, PrintStream out) {
    out.printf(Locale.ROOT, "%-16s %s%n", name, value);
  }

  private static void speed(
      String workload, SequencedMap<String, List<Run>> subjects, PrintStream out) {
    subjects.forEach(
        (subject, runs) -> {
          double[] rates = Rows.values(runs, Metric.OPERATIONS_PER_SECOND);
          boolean first = subject.equals(subjects.firstEntry().getKey());
          double ratio = Rows.ratio(subjects, subject, Metric.OPERATIONS_PER_SECOND);
          out.printf(
              Locale.ROOT,
              SPEED,
              workload,
              subject,
              whole(Rows.median(runs, Metric.OPERATIONS_PER_SECOND)),
              rates.length == 0 ? ABSENT : range(Spread.of(rates)),
              micros(Rows.median(runs, Metric.P50)),
              micros(Rows.median(runs, Metric.P99)),
              micros(Rows.median(runs, Metric.P999)),
              first ? ABSENT : number(ratio));
        });
  }

  private static void cost(
      String workload, SequencedMap<String, List<Run>> subjects, PrintStream out) {
    subjects.forEach(
        (subject, runs) ->
            out.printf(
                Locale.ROOT,
                COST,
                workload,
                subject,
                micros(Rows.median(runs, Metric.CPU_PER_OPERATION)),
                number(Rows.median(runs, Metric.ALLOCATED_PER_OPERATION)),
                number(Rows.median(runs, Metric.READ_PER_OPERATION)),
                number(Rows.median(runs, Metric.WRITTEN_PER_OPERATION)),
                number(Rows.median(runs, Metric.WRITE_AMPLIFICATION)),
                number(Rows.median(runs, Metric.SPACE_AMPLIFICATION)),
                whole(Rows.median(runs, Metric.RESIDENT_PEAK) / (1 << 20)),
                whole(Rows.median(runs, Metric.GC_PAUSE) / 1e6),
                whole(Rows.median(runs, Metric.STALL) / 1e6),
                number(Rows.median(runs, Metric.QUEUE_DEPTH)),
                number(runs.stream().mapToDouble(Run::noise).max().orElse(Double.NaN) * 100)));
  }

  private static String range(Spread spread) {
    return whole(spread.least()) + " .. " + whole(spread.most());
  }

  private static String micros(double nanos) {
    return number(nanos / 1e3);
  }

  private static String whole(double value) {
    return Double.isNaN(value) ? ABSENT : String.format(Locale.ROOT, "%,.0f", value);
  }

  /// Three digits of what matters.
  private static String number(double value) {
    if (Double.isNaN(value)) {
      return ABSENT;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f", value);
  }
}
