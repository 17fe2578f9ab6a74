package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// What the speed cost: amplification, then processor, device and memory. A column that no run
/// has is left out, and so is a table without columns.
final class CostSection {

  private static final Set<Metric> AMPLIFICATION =
      EnumSet.of(Metric.WRITE_AMPLIFICATION, Metric.SPACE_AMPLIFICATION);

  /// These stand in the other sections; the last two are the noise.
  private static final Set<Metric> ELSEWHERE =
      EnumSet.of(
          Metric.OPERATIONS_PER_SECOND,
          Metric.MEGABYTES_PER_SECOND,
          Metric.P50,
          Metric.P99,
          Metric.P999,
          Metric.MAX,
          Metric.OTHERS_CPU,
          Metric.STOLEN_CPU);

  /// Above this a run is marked as disturbed.
  private static final double NOISY = 0.1;

  private CostSection() {}

  static void write(Findings findings, Markup page) {
    List<Metric> amplification = AMPLIFICATION.stream().filter(findings::has).toList();
    if (!amplification.isEmpty()) {
      page.open("section", "id", "amplification", "aria-labelledby", "amplification-title").line();
      page.element("h2", "Amplification", "id", "amplification-title").line();
      page.open("p", "class", "note");
      page.text("Writing: bytes sent to the device per byte of keys and values written. Space: ");
      page.text("bytes on disk per byte of live keys and values, at the end. Less is better");
      page.text(findings.alone() ? "." : "; the least of a workload is bold.").close().line();
      table(findings, amplification, false, page);
      page.close().line();
    }
    List<Metric> cost =
        Arrays.stream(Metric.values())
            .filter(metric -> !AMPLIFICATION.contains(metric) && !ELSEWHERE.contains(metric))
            .filter(findings::has)
            .toList();
    boolean noise = findings.has(Metric.OTHERS_CPU) || findings.has(Metric.STOLEN_CPU);
    if (!cost.isEmpty() || noise) {
      page.open("section", "id", "cost", "aria-labelledby", "cost-title").line();
      page.element("h2", "Cost", "id", "cost-title").line();
      page.open("p", "class", "note");
      page.text("Medians of the rounds, per operation or for the whole process");
      page.text(findings.alone() ? "." : "; the best of a workload is bold.");
      if (noise) {
        page.text(" Noise is the share of all processors that other processes and the ");
        page.text("hypervisor had, in the worst round.");
      }
      page.close().line();
      table(findings, cost, noise, page);
      page.close().line();
    }
  }

  private static void table(Findings findings, List<Metric> columns, boolean noise, Markup page) {
    page.open("div", "class", "scroll tall", "tabindex", "0");
    page.open("table", "class", "costs").line();
    page.open("thead").open("tr").element("th", "workload", "scope", "col");
    if (!findings.alone()) {
      page.element("th", "subject", "scope", "col");
    }
    columns.forEach(m -> page.element("th", m.label(), "scope", "col", "class", "number"));
    if (noise) {
      page.element("th", "noise", "scope", "col", "class", "number");
    }
    page.close().close().line();
    for (Findings.Workload workload : findings.workloads()) {
      if (noise || columns.stream().anyMatch(workload::has)) {
        rows(findings, workload, columns, noise, page);
      }
    }
    page.close().close().line();
  }

  private static void rows(
      Findings findings,
      Findings.Workload workload,
      List<Metric> columns,
      boolean noise,
      Markup page) {
    page.open("tbody").line();
    String first = workload.subjects().firstEntry().getKey();
    workload
        .subjects()
        .forEach(
            (subject, runs) -> {
              page.open("tr");
              if (subject.equals(first)) {
                page.open(
                    "th", "scope", "rowgroup",
                    "rowspan", Integer.toString(workload.subjects().size()));
                page.element("a", workload.name(), "href", "#" + workload.anchor()).close();
              }
              if (!findings.alone()) {
                page.open("th", "scope", "row");
                Badges.subject(findings, subject, page);
                page.close();
              }
              columns.forEach(metric -> cell(workload, metric, runs, page));
              if (noise) {
                noise(runs, page);
              }
              page.close().line();
            });
    page.close().line();
  }

  private static void cell(
      Findings.Workload workload, Metric metric, List<Run> runs, Markup page) {
    double value = Rows.median(runs, metric);
    boolean best = workload.subjects().size() > 1 && value == best(workload, metric);
    page.element(
        "td", Amounts.of(metric, value), "class", best ? "number best" : "number");
  }

  /// The best median of `metric`; NaN when none is better than the others.
  private static double best(Findings.Workload workload, Metric metric) {
    double[] medians =
        workload.subjects().values().stream()
            .mapToDouble(runs -> Rows.median(runs, metric))
            .filter(value -> !Double.isNaN(value))
            .sorted()
            .toArray();
    if (medians.length < 2 || medians[0] == medians[medians.length - 1]) {
      return Double.NaN;
    }
    return switch (metric.better()) {
      case HIGHER -> medians[medians.length - 1];
      case LOWER -> medians[0];
      case NEITHER -> Double.NaN;
    };
  }

  private static void noise(List<Run> runs, Markup page) {
    double worst = runs.stream().mapToDouble(Run::noise).max().orElse(Double.NaN);
    boolean known =
        runs.stream()
            .anyMatch(
                run ->
                    run.metrics().containsKey(Metric.OTHERS_CPU)
                        || run.metrics().containsKey(Metric.STOLEN_CPU));
    page.element(
        "td",
        known ? Amounts.percent(worst) : Amounts.ABSENT,
        "class", known && worst > NOISY ? "number noisy" : "number");
  }
}
