package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.result.Spread;
import java.util.List;
import java.util.Locale;

/// One line for each workload: with peers the ratios, alone the rate and the latencies.
final class GlanceTable {

  /// A ratio of this or its inverse has the full colour.
  private static final double FULL_COLOUR = 8;

  private static final List<Metric> LATENCIES = List.of(Metric.P50, Metric.P99, Metric.P999);

  private GlanceTable() {}

  /// The reference's rate and its ratio to each peer.
  static void against(Findings findings, Markup page) {
    page.element("h3", "All workloads at a glance").line();
    page.open("p", "class", "note");
    page.text("The rate of " + findings.reference() + " divided by the peer's, by medians. ");
    page.text("▲ faster and ▼ slower: no round of one reaches into the rounds of the other, and ");
    page.text("the medians differ by 2 % or more; ≈ all else.").close().line();
    page.open("div", "class", "scroll", "tabindex", "0");
    page.open("table", "class", "glance").line();
    page.open("thead").open("tr");
    page.element("th", "workload", "scope", "col");
    page.element("th", findings.reference(), "scope", "col", "class", "number");
    for (String peer : findings.peers()) {
      page.open("th", "scope", "col", "class", "number").text("÷ ");
      Badges.subject(findings, peer, page);
      page.close();
    }
    page.close().close().line().open("tbody").line();
    for (Findings.Workload workload : findings.workloads()) {
      page.open("tr");
      link(workload, page);
      List<Run> own = workload.subjects().getOrDefault(findings.reference(), List.of());
      amount(Metric.OPERATIONS_PER_SECOND, own, page);
      List<Contest> contests = findings.contestsOf(workload);
      for (String peer : findings.peers()) {
        contests.stream()
            .filter(contest -> contest.peer().equals(peer))
            .findFirst()
            .ifPresentOrElse(
                contest -> ratio(findings, contest, page),
                () -> page.element("td", Amounts.ABSENT, "class", "number absent"));
      }
      page.close().line();
    }
    page.close().close().close().line();
  }

  private static void ratio(Findings findings, Contest contest, Markup page) {
    double depth = Math.min(1, Math.abs(Math.log(contest.ratio())) / Math.log(FULL_COLOUR));
    page.open(
        "td",
        "class", "number heat " + contest.outcome().name().toLowerCase(Locale.ROOT),
        "style", String.format(Locale.ROOT, "--depth:%.0f%%", 8 + 40 * depth));
    Badges.ratio(findings, contest, page);
    page.close();
  }

  /// The only subject's rate on a common logarithmic scale, and its latencies.
  static void alone(Findings findings, Markup page) {
    List<Metric> shown = LATENCIES.stream().filter(findings::has).toList();
    boolean rates = findings.has(Metric.OPERATIONS_PER_SECOND);
    LogScale scale = LogScale.of(findings);
    page.open("div", "class", "scroll", "tabindex", "0");
    page.open("table", "class", "glance alone").line();
    page.open("thead").open("tr").element("th", "workload", "scope", "col");
    if (rates) {
      ruler(scale, page);
      page.element("th", "ops/s", "scope", "col", "class", "number");
    }
    shown.forEach(m -> page.element("th", m.label(), "scope", "col", "class", "number"));
    page.close().close().line().open("tbody").line();
    for (Findings.Workload workload : findings.workloads()) {
      List<Run> runs = workload.subjects().firstEntry().getValue();
      page.open("tr");
      link(workload, page);
      if (rates) {
        plot(scale, runs, page);
        amount(Metric.OPERATIONS_PER_SECOND, runs, page);
      }
      shown.forEach(metric -> amount(metric, runs, page));
      page.close().line();
    }
    page.close().close().close().line();
  }

  /// The column's head: where the powers of ten lie.
  private static void ruler(LogScale scale, Markup page) {
    page.open("th", "scope", "col", "class", "plot");
    page.element("span", "rate on a logarithmic scale", "class", "spoken");
    page.open("div", "class", "rule", "aria-hidden", "true");
    for (double decade : scale.decades()) {
      page.element(
          "span", Amounts.decade(decade), "class", "tick", "style", at(scale.share(decade)));
    }
    page.close().close();
  }

  private static void plot(LogScale scale, List<Run> runs, Markup page) {
    page.open("td", "class", "plot", "aria-hidden", "true").open("div", "class", "rule");
    for (double decade : scale.decades()) {
      page.element("i", "", "style", at(scale.share(decade)));
    }
    double[] rates = Rows.values(runs, Metric.OPERATIONS_PER_SECOND);
    if (rates.length > 0 && Spread.of(rates).least() > 0) {
      Spread spread = Spread.of(rates);
      double from = scale.share(spread.least());
      page.element(
          "span",
          "",
          "class", "reach s0",
          "style",
              at(from) + ";" + Markup.percent("width", scale.share(spread.most()) - from));
      page.element("b", "", "class", "s0", "style", at(scale.share(spread.median())));
    }
    page.close().close();
  }

  private static String at(double share) {
    return Markup.percent("left", share);
  }

  private static void link(Findings.Workload workload, Markup page) {
    page.open("th", "scope", "row");
    page.element("a", workload.name(), "href", "#" + workload.anchor()).close();
  }

  private static void amount(Metric metric, List<Run> runs, Markup page) {
    page.element("td", Amounts.of(metric, Rows.median(runs, metric)), "class", "number");
  }
}
