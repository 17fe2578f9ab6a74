package dev.iobus.bench.measure;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Rates of several subjects in the same workloads, and how the first compares with each other
/// one. Confined to one thread.
public final class Comparison {

  /// All runs of one subject in one workload.
  ///
  /// @param rates operations per second of each run, in the order of the runs
  /// @param p50Nanos median latency of each run; NaN where not measured
  /// @param p99Nanos 99th percentile of each run; NaN where not measured
  private record Series(List<Double> rates, List<Double> p50Nanos, List<Double> p99Nanos) {
    Series() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  private final String job;
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final Map<String, Map<String, Series>> workloads = new LinkedHashMap<>();

  /// @param job the subcommand that compares
  public Comparison(String job) {
    this.job = job;
  }

  public void fact(String name, String value) {
    facts.put(name, value);
  }

  public void facts(Map<String, String> more) {
    facts.putAll(more);
  }

  /// Adds one run. The subject that is added first is the one that others are compared with.
  public void add(String workload, String subject, double rate, double p50Nanos, double p99Nanos) {
    Series series =
        workloads
            .computeIfAbsent(workload, w -> new LinkedHashMap<>())
            .computeIfAbsent(subject, s -> new Series());
    series.rates().add(rate);
    series.p50Nanos().add(p50Nanos);
    series.p99Nanos().add(p99Nanos);
  }

  /// Prints a line for each workload and subject, medians with their range, then the facts.
  public void print(PrintStream out) {
    out.printf(
        Locale.ROOT,
        "%-26s %-10s %12s %25s %10s %10s %8s%n",
        "workload", "subject", "ops/s", "least .. most", "p50 µs", "p99 µs", "ratio");
    workloads.forEach((workload, subjects) -> print(out, workload, subjects));
    out.println();
    out.println("medians of " + runs() + " interleaved runs; ratio: the first subject's rate over");
    out.println("this one's; -: not measured.");
    out.println();
    facts.forEach((name, value) -> out.printf(Locale.ROOT, "%-16s %s%n", name, value));
  }

  private int runs() {
    return workloads.values().stream()
        .flatMap(subjects -> subjects.values().stream())
        .mapToInt(series -> series.rates().size())
        .min()
        .orElse(0);
  }

  private static void print(PrintStream out, String workload, Map<String, Series> subjects) {
    double first = Double.NaN;
    for (Map.Entry<String, Series> entry : subjects.entrySet()) {
      Spread rate = spread(entry.getValue().rates());
      String ratio = "-";
      if (Double.isNaN(first)) {
        first = rate.median();
      } else {
        ratio = String.format(Locale.ROOT, "%.2f", first / rate.median());
      }
      out.printf(
          Locale.ROOT,
          "%-26s %-10s %,12.0f %25s %10s %10s %8s%n",
          workload,
          entry.getKey(),
          rate.median(),
          String.format(Locale.ROOT, "%,.0f .. %,.0f", rate.least(), rate.most()),
          micros(entry.getValue().p50Nanos()),
          micros(entry.getValue().p99Nanos()),
          ratio);
    }
  }

  private static String micros(List<Double> nanos) {
    double median = spread(nanos).median();
    return Double.isNaN(median) ? "-" : String.format(Locale.ROOT, "%,.2f", median / 1e3);
  }

  private static Spread spread(List<Double> values) {
    return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /// Writes every single run as JSON.
  public void write(Path file) throws IOException {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("job", job);
    document.put("environment", facts);
    List<Map<String, Object>> all = new ArrayList<>();
    workloads.forEach(
        (workload, subjects) ->
            subjects.forEach((subject, series) -> all.add(fields(workload, subject, series))));
    document.put("series", all);
    JSON json = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);
    Files.writeString(file, json.asString(document) + "\n");
  }

  private static Map<String, Object> fields(String workload, String subject, Series series) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("workload", workload);
    fields.put("subject", subject);
    fields.put("operationsPerSecond", series.rates());
    fields.put("p50Nanos", measured(series.p50Nanos()));
    fields.put("p99Nanos", measured(series.p99Nanos()));
    return fields;
  }

  private static List<Double> measured(List<Double> values) {
    return values.stream().filter(value -> !value.isNaN()).toList();
  }
}
