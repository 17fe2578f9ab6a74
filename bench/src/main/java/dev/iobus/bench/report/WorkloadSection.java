package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.result.Spread;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// An article for each workload: a bar for each subject, the latencies, the rate over time.
final class WorkloadSection {

  private static final List<Metric> LATENCIES =
      List.of(Metric.P50, Metric.P99, Metric.P999, Metric.MAX);

  private WorkloadSection() {}

  static void write(Findings findings, Markup page) {
    if (findings.workloads().isEmpty()) {
      return;
    }
    page.open("section", "id", "workloads", "aria-labelledby", "workloads-title").line();
    page.element("h2", "Workloads", "id", "workloads-title").line();
    page.element("p", note(findings), "class", "note").line();
    for (Findings.Workload workload : findings.workloads()) {
      article(findings, workload, page);
    }
    page.close().line();
  }

  /// How to read what follows; nothing about what is not there.
  private static String note(Findings findings) {
    StringBuilder note = new StringBuilder();
    if (repeated(findings)) {
      note.append("Numbers are medians of the rounds");
      note.append(
          findings.alone()
              ? ", with the range from the least to the most. "
              : "; the thin line in a bar goes from the least to the most. ");
      if (any(findings, PercentileCurve::exists)) {
        note.append("Latency curves are of all rounds together. ");
      }
      if (any(findings, SeriesBand::exists)) {
        note.append("Lines over time are the median of the rounds, their shade goes from the ");
        note.append("least to the most. ");
      }
    } else {
      note.append("Each was run once, so nothing is known of how the numbers spread. ");
    }
    if (!findings.alone()) {
      note.append("The ratio behind a peer is the rate of ").append(findings.reference());
      note.append(" divided by the peer's.");
    }
    return note.toString();
  }

  private static boolean repeated(Findings findings) {
    return any(findings, runs -> runs.size() > 1);
  }

  private static void article(Findings findings, Findings.Workload workload, Markup page) {
    page.open("article", "class", "workload", "id", workload.anchor()).line();
    page.element("h3", workload.name()).line();
    bars(findings, workload, page);
    boolean curve = any(workload, PercentileCurve::exists);
    boolean percentiles = LATENCIES.stream().anyMatch(workload::has);
    boolean series = any(workload, SeriesBand::exists);
    if (curve || percentiles || series) {
      page.open("div", "class", "charts").line();
      chart(curve, "latency", "Latency by percentile", workload, page);
      chart(series, "series", "Operations per second over time", workload, page);
      if (percentiles) {
        percentiles(findings, workload, page);
      }
      page.close().line();
    }
    page.close().line();
  }

  private static Stream<Run> runs(Findings.Workload workload) {
    return workload.subjects().values().stream().flatMap(List::stream);
  }

  private static boolean any(Findings findings, Predicate<List<Run>> subject) {
    return findings.workloads().stream().anyMatch(workload -> any(workload, subject));
  }

  private static boolean any(Findings.Workload workload, Predicate<List<Run>> subject) {
    return workload.subjects().values().stream().anyMatch(subject);
  }

  /// An empty box that the script fills when it comes into view.
  private static void chart(
      boolean wanted, String kind, String caption, Findings.Workload workload, Markup page) {
    if (wanted) {
      page.open("figure", "class", "drawn").element("figcaption", caption);
      page.element(
          "div",
          "",
          "class", "chart",
          "data-chart", kind,
          "data-workload", Integer.toString(workload.index()));
      page.close().line();
    }
  }

  private static void bars(Findings findings, Findings.Workload workload, Markup page) {
    if (!workload.has(Metric.OPERATIONS_PER_SECOND)) {
      return;
    }
    boolean single = workload.subjects().size() == 1;
    double widest =
        runs(workload)
            .mapToDouble(run -> run.value(Metric.OPERATIONS_PER_SECOND))
            .filter(rate -> !Double.isNaN(rate))
            .max()
            .orElse(0);
    List<Contest> contests = findings.contestsOf(workload);
    page.open("ol", "class", single ? "bars single" : "bars").line();
    workload
        .subjects()
        .forEach(
            (subject, runs) -> {
              page.open("li");
              page.open("span", "class", "who");
              Badges.subject(findings, subject, page);
              page.close();
              if (!single) {
                bar(findings, subject, runs, widest, page);
              }
              rate(runs, page);
              page.open("span", "class", "against");
              contests.stream()
                  .filter(contest -> contest.peer().equals(subject))
                  .forEach(contest -> Badges.ratio(findings, contest, page));
              page.close();
              page.close().line();
            });
    page.close().line();
  }

  private static void bar(
      Findings findings, String subject, List<Run> runs, double widest, Markup page) {
    page.open("span", "class", "bar", "aria-hidden", "true");
    double[] rates = Rows.values(runs, Metric.OPERATIONS_PER_SECOND);
    if (rates.length > 0 && widest > 0) {
      Spread spread = Spread.of(rates);
      page.element(
          "span",
          "",
          "class", "fill " + findings.palette().style(subject),
          "style", Markup.percent("width", spread.median() / widest));
      if (spread.most() > spread.least()) {
        page.element(
            "span",
            "",
            "class", "whisker",
            "style",
                Markup.percent("left", spread.least() / widest)
                    + ";"
                    + Markup.percent("width", (spread.most() - spread.least()) / widest));
      }
    }
    page.close();
  }

  private static void rate(List<Run> runs, Markup page) {
    Metric metric = Metric.OPERATIONS_PER_SECOND;
    double[] rates = Rows.values(runs, metric);
    page.element("span", Amounts.of(metric, Rows.median(runs, metric)), "class", "rate number");
    page.open("span", "class", "spread number");
    if (rates.length > 1) {
      Spread spread = Spread.of(rates);
      page.text(Amounts.range(metric, spread.least(), spread.most()));
    }
    page.close();
    double megabytes = Rows.median(runs, Metric.MEGABYTES_PER_SECOND);
    page.element(
        "span",
        Double.isNaN(megabytes) ? "" : Amounts.of(Metric.MEGABYTES_PER_SECOND, megabytes),
        "class", "megabytes number");
  }

  private static void percentiles(Findings findings, Findings.Workload workload, Markup page) {
    page.open("figure", "class", "table");
    page.element(
        "figcaption", repeated(findings) ? "Latency, median of the rounds" : "Latency");
    page.open("div", "class", "scroll").open("table", "class", "percentiles").line();
    page.open("thead").open("tr");
    page.open("th", "scope", "col").element("span", "subject", "class", "spoken").close();
    LATENCIES.forEach(m -> page.element("th", m.label(), "scope", "col", "class", "number"));
    page.close().close().line().open("tbody").line();
    workload
        .subjects()
        .forEach(
            (subject, runs) -> {
              page.open("tr").open("th", "scope", "row");
              Badges.subject(findings, subject, page);
              page.close();
              for (Metric metric : LATENCIES) {
                String value = Amounts.of(metric, Rows.median(runs, metric));
                page.element("td", value, "class", "number");
              }
              page.close().line();
            });
    page.close().close().close().close().line();
  }
}
