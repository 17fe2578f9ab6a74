package dev.iobus.bench.report;

import java.util.Locale;

/// The small marks that several sections share: the colour of a subject, and who was faster.
final class Badges {

  private Badges() {}

  /// A dot in the subject's colour and its name.
  static void subject(Findings findings, String subject, Markup page) {
    page.element("span", "", "class", "key " + findings.palette().style(subject));
    page.element("span", subject, "class", "subject");
  }

  /// The ratio with a sign for those who see it and words for those who hear it.
  static void ratio(Findings findings, Contest contest, Markup page) {
    String words = words(findings, contest);
    page.open(
        "span",
        "class", "ratio " + contest.outcome().name().toLowerCase(Locale.ROOT),
        "title", words);
    page.element("span", sign(contest.outcome()), "class", "sign", "aria-hidden", "true");
    page.text(Amounts.ratio(contest.ratio()));
    page.element("span", " (" + words + ")", "class", "spoken");
    page.close();
  }

  static String sign(Contest.Outcome outcome) {
    return switch (outcome) {
      case FASTER -> "▲";
      case EVEN -> "≈";
      case SLOWER -> "▼";
    };
  }

  private static String words(Findings findings, Contest contest) {
    return switch (contest.outcome()) {
      case FASTER -> findings.reference() + " is faster than " + contest.peer();
      case EVEN -> findings.reference() + " and " + contest.peer() + " are about even";
      case SLOWER -> findings.reference() + " is slower than " + contest.peer();
    };
  }
}
