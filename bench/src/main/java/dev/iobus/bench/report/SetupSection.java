package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Run;
import java.util.List;
import java.util.Map;

/// What was chosen, what it ran on, and which runs do not count.
final class SetupSection {

  private SetupSection() {}

  static void write(Findings findings, Markup page) {
    Map<String, String> facts = findings.result().facts();
    Map<String, String> environment = findings.result().environment();
    if (!facts.isEmpty() || !environment.isEmpty()) {
      page.open("section", "id", "setup", "aria-labelledby", "setup-title").line();
      page.element("h2", "Setup", "id", "setup-title").line();
      page.open("div", "class", "setup").line();
      list("Facts", facts, page);
      list("Environment", environment, page);
      page.close().close().line();
    }
    List<Run> superseded =
        findings.result().runs().stream().filter(Run::superseded).toList();
    if (!superseded.isEmpty()) {
      superseded(superseded, page);
    }
  }

  private static void list(String title, Map<String, String> entries, Markup page) {
    if (entries.isEmpty()) {
      return;
    }
    page.open("div").element("h3", title).open("dl").line();
    entries.forEach(
        (name, value) -> page.element("dt", name).element("dd", value).line());
    page.close().close().line();
  }

  private static void superseded(List<Run> runs, Markup page) {
    page.open("section", "id", "superseded", "class", "superseded").line();
    page.open("details");
    page.element(
        "summary",
        HeadSection.counted(runs.size(), "run")
            + " repeated because the machine was noisy; what they gave counts nowhere");
    page.open("ul").line();
    for (Run run : runs) {
      Metric metric = Metric.OPERATIONS_PER_SECOND;
      String rate = Amounts.of(metric, run.value(metric));
      page.element(
              "li",
              run.workload()
                  + ", "
                  + run.subject()
                  + ", round "
                  + (run.round() + 1)
                  + ": "
                  + rate
                  + ", noise "
                  + Amounts.percent(run.noise()))
          .line();
    }
    page.close().close().close().line();
  }
}
