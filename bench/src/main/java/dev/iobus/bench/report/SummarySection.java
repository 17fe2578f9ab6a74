package dev.iobus.bench.report;

import dev.iobus.bench.report.Contest.Outcome;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Who was faster, and where: a card for each peer, then where the reference lost, then all
/// workloads at a glance. Without peers only the last.
final class SummarySection {

  /// So many losses are shown at once; more are folded away.
  private static final int LOSSES_SHOWN = 12;

  private SummarySection() {}

  static void write(Findings findings, Markup page) {
    if (findings.workloads().isEmpty()) {
      return;
    }
    page.open("section", "id", "summary", "aria-labelledby", "summary-title").line();
    page.element("h2", "Summary", "id", "summary-title").line();
    if (findings.alone()) {
      GlanceTable.alone(findings, page);
    } else {
      cards(findings, page);
      losses(findings, page);
      GlanceTable.against(findings, page);
    }
    page.close().line();
  }

  private static void cards(Findings findings, Markup page) {
    page.open("div", "class", "cards").line();
    for (String peer : findings.peers()) {
      List<Contest> contests = findings.contestsWith(peer);
      if (!contests.isEmpty()) {
        card(findings, peer, contests, page);
      }
    }
    page.close().line();
  }

  private static void card(Findings findings, String peer, List<Contest> contests, Markup page) {
    double mean =
        Math.exp(contests.stream().mapToDouble(c -> Math.log(c.ratio())).average().orElse(0));
    page.open("article", "class", "card");
    page.open("h3");
    Badges.subject(findings, findings.reference(), page);
    page.element("span", " vs ", "class", "versus");
    Badges.subject(findings, peer, page);
    page.close();
    page.open("p", "class", "mean").element("strong", Amounts.ratio(mean));
    page.element("span", " geometric mean of the ratios").close();
    tally(contests, page);
    page.open("p");
    page.text(findings.reference() + " is faster in ");
    page.element("b", count(contests, Outcome.FASTER) + " of " + contests.size());
    page.text(contests.size() == 1 ? " workload" : " workloads");
    page.text(", about even in " + count(contests, Outcome.EVEN));
    page.text(", slower in ");
    page.element("b", Long.toString(count(contests, Outcome.SLOWER))).text(".");
    page.close();
    if (contests.size() > 1) {
      extremes(contests, page);
    }
    page.close().line();
  }

  /// A strip in three parts, as wide as their counts.
  private static void tally(List<Contest> contests, Markup page) {
    page.open("div", "class", "tally", "aria-hidden", "true");
    for (Outcome outcome : Outcome.values()) {
      long count = count(contests, outcome);
      if (count > 0) {
        page.element(
            "span",
            "",
            "class", outcome.name().toLowerCase(Locale.ROOT),
            "style", "flex-grow:" + count);
      }
    }
    page.close();
  }

  private static void extremes(List<Contest> contests, Markup page) {
    Comparator<Contest> byRatio = Comparator.comparingDouble(Contest::ratio);
    Contest best = contests.stream().max(byRatio).orElseThrow();
    Contest worst = contests.stream().min(byRatio).orElseThrow();
    page.open("dl", "class", "extremes");
    extreme("worst", worst, page);
    extreme("best", best, page);
    page.close();
  }

  private static void extreme(String name, Contest contest, Markup page) {
    page.element("dt", name);
    page.open("dd").element("span", Amounts.ratio(contest.ratio()), "class", "number").text(" ");
    page.element("a", contest.name(), "href", "#w" + contest.workload()).close();
  }

  private static long count(List<Contest> contests, Outcome outcome) {
    return contests.stream().filter(contest -> contest.outcome() == outcome).count();
  }

  private static void losses(Findings findings, Markup page) {
    List<Contest> losses =
        findings.contests().stream()
            .filter(contest -> contest.outcome() == Outcome.SLOWER)
            .sorted(Comparator.comparingDouble(Contest::ratio))
            .toList();
    page.open("div", "class", "losses");
    page.element("h3", "Where " + findings.reference() + " is slower").line();
    if (losses.isEmpty()) {
      page.element("p", "In none of these workloads.");
    } else {
      list(findings, losses.subList(0, Math.min(LOSSES_SHOWN, losses.size())), page);
    }
    if (losses.size() > LOSSES_SHOWN) {
      page.open("details");
      page.element("summary", losses.size() - LOSSES_SHOWN + " more");
      list(findings, losses.subList(LOSSES_SHOWN, losses.size()), page);
      page.close();
    }
    page.close().line();
  }

  private static void list(Findings findings, List<Contest> losses, Markup page) {
    page.open("ol").line();
    for (Contest loss : losses) {
      page.open("li");
      Badges.ratio(findings, loss, page);
      page.open("span", "class", "peer");
      Badges.subject(findings, loss.peer(), page);
      page.close();
      page.element("a", loss.name(), "href", "#w" + loss.workload());
      page.close().line();
    }
    page.close().line();
  }
}
