package dev.iobus.bench.review;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/// Prints a [Comparison] for people.
final class ComparisonTable {

  private static final String ABSENT = "-";
  private static final String ONE_RUN = "one run";
  private static final String LINE = "%-34s %-12s %13s %13s %9s %20s  %-8s %11s %11s %9s%n";

  private ComparisonTable() {}

  static void print(Comparison comparison, double threshold, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        LINE,
        "workload", "subject", "old ops/s", "new ops/s", "change %", "95 % interval", "verdict",
        "old p99 µs", "new p99 µs", "change %");
    comparison.deltas().forEach(delta -> line(delta, out));
    out.println();
    list("only in the old result", comparison.onlyOld(), out);
    list("only in the new result", comparison.onlyNew(), out);
    if (!comparison.otherFacts().isEmpty()) {
      out.println("facts that differ:");
      differences(comparison.otherFacts(), out);
    }
    out.printf(
        Locale.ROOT,
        "%d slower, %d faster, %d the same, %d unsure; threshold %s %%; p99 decides nothing%n",
        comparison.count(Delta.Verdict.SLOWER),
        comparison.count(Delta.Verdict.FASTER),
        comparison.count(Delta.Verdict.SAME),
        comparison.count(Delta.Verdict.UNSURE),
        Double.toString(threshold * 100).replaceAll("\\.0$", ""));
  }

  /// What two results do not share, with both values.
  static void differences(List<Comparison.Difference> differences, PrintWriter out) {
    for (Comparison.Difference difference : differences) {
      out.println("  " + difference.name());
      out.println("    old: " + difference.before());
      out.println("    new: " + difference.after());
    }
  }

  private static void list(String title, List<String> rows, PrintWriter out) {
    if (!rows.isEmpty()) {
      out.println(title + ":");
      rows.forEach(row -> out.println("  " + row));
    }
  }

  private static void line(Delta delta, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        LINE,
        delta.workload(),
        delta.subject(),
        number(delta.oldRate()),
        number(delta.newRate()),
        percent(delta.change()),
        interval(delta),
        delta.verdict().name().toLowerCase(Locale.ROOT),
        number(delta.oldP99() / 1e3),
        number(delta.newP99() / 1e3),
        percent(delta.p99Change()));
  }

  private static String interval(Delta delta) {
    ChangeInterval interval = delta.interval();
    if (interval == null) {
      return delta.rounds() == 1 ? ONE_RUN : ABSENT;
    }
    return percent(interval.low()) + " .. " + percent(interval.high());
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return ABSENT;
    }
    return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%,.0f", value);
  }

  private static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%+.1f", share * 100) : ABSENT;
  }
}
