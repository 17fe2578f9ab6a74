package dev.iobus.bench.report;

import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The top of the page: what was measured, on what, and whether it may be believed.
final class HeadSection {

  private static final List<String> SHOWN = List.of("date", "commit", "cores", "kernel");

  private HeadSection() {}

  static void write(Findings findings, Markup page) {
    boolean passed = findings.result().passed();
    page.element("p", "iobus bench", "class", "kicker").line();
    page.open("h1").text(findings.result().job()).text(" ");
    page.element("span", passed ? "passed" : "FAILED", "class", passed ? "pill good" : "pill bad");
    page.close().line();
    page.element("p", scope(findings), "class", "scope").line();
    String where =
        SHOWN.stream()
            .flatMap(name -> Stream.ofNullable(findings.result().environment().get(name)))
            .collect(Collectors.joining(" · "));
    if (!where.isEmpty()) {
      page.element("p", where, "class", "where").line();
    }
    String failure = findings.result().failure();
    if (failure != null) {
      page.open("div", "class", "failure", "role", "alert");
      page.element(
          "strong",
          findings.workloads().isEmpty()
              ? "The job failed."
              : "The job failed; the numbers below are not to be believed.");
      page.element("p", failure).close().line();
    }
  }

  private static String scope(Findings findings) {
    int workloads = findings.workloads().size();
    if (workloads == 0) {
      return "Nothing was measured.";
    }
    String subjects =
        findings.alone()
            ? findings.reference()
            : findings.reference() + " against " + listed(findings.peers());
    return subjects
        + " · "
        + counted(workloads, "workload")
        + " · "
        + rounds(findings)
        + " each";
  }

  private static String rounds(Findings findings) {
    IntSummaryStatistics rounds =
        findings.workloads().stream()
            .flatMap(workload -> workload.subjects().values().stream())
            .mapToInt(List::size)
            .summaryStatistics();
    return rounds.getMin() == rounds.getMax()
        ? counted(rounds.getMax(), "round")
        : rounds.getMin() + " to " + counted(rounds.getMax(), "round");
  }

  static String counted(int count, String thing) {
    return count + " " + thing + (count == 1 ? "" : "s");
  }

  private static String listed(List<String> names) {
    return names.size() == 1
        ? names.getFirst()
        : String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
  }
}
