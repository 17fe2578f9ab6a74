package dev.iobus.bench.result;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// Prints the [Aim]s of a [Result] beside what was measured: a line for each workload and peer,
/// what was missed first. By medians.
public final class AimTable {

  private static final String LINE = "%-40s %-19s %13s %13s %7s %7s  %-24s %s%n";

  private AimTable() {}

  /// How the aims of a line ended, in the order in which lines are printed.
  enum Verdict {
    MISSED("MISSED"),
    UNKNOWN("not measured"),
    MET("met");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }
  }

  /// The aims of one workload against one peer, with the medians that decide on them. A value that
  /// was not measured is NaN.
  record Line(String workload, String peer, List<Aim> aims, SequencedMap<String, List<Run>> runs) {

    double ours(Metric metric) {
      return runs.isEmpty() ? Double.NaN : Rows.median(runs.firstEntry().getValue(), metric);
    }

    double theirs(Metric metric) {
      List<Run> own = runs.get(peer);
      return own == null ? Double.NaN : Rows.median(own, metric);
    }

    double ratio(Metric metric) {
      return ours(metric) / theirs(metric);
    }

    Verdict verdict() {
      Verdict verdict = Verdict.MET;
      for (Aim aim : aims) {
        double value = aim.peer() == null ? ours(aim.metric()) : ratio(aim.metric());
        if (Double.isNaN(value)) {
          return Verdict.UNKNOWN;
        }
        verdict = aim.isMet(value) ? verdict : Verdict.MISSED;
      }
      return verdict;
    }
  }

  /// Prints the table; nothing where there are no aims.
  public static void print(Result result, PrintStream out) {
    if (result.aims().isEmpty()) {
      return;
    }
    out.printf(
        Locale.ROOT,
        LINE,
        "aims: workload", "against", "iobus", "peer", "ratio", "CPU", "aim", "");
    lines(result).forEach(line -> print(line, out));
    out.println("ratio and CPU: of the rates and of the processor time per operation, iobus over peer.");
    out.println();
  }

  /// The lines, what was missed first.
  static List<Line> lines(Result result) {
    SequencedMap<String, SequencedMap<String, List<Run>>> rows = Rows.of(result).workloads();
    Map<List<String>, List<Aim>> groups = new LinkedHashMap<>();
    for (Aim aim : result.aims()) {
      String peer = aim.peer();
      groups
          .computeIfAbsent(List.of(aim.workload(), peer == null ? "" : peer), g -> new ArrayList<>())
          .add(aim);
    }
    List<Line> lines = new ArrayList<>();
    groups.forEach(
        (group, aims) ->
            lines.add(
                new Line(
                    group.getFirst(),
                    group.getLast(),
                    aims,
                    rows.getOrDefault(group.getFirst(), new LinkedHashMap<>()))));
    lines.sort(Comparator.comparing(Line::verdict));
    return lines;
  }

  private static void print(Line line, PrintStream out) {
    Aim first = line.aims().getFirst();
    boolean alone = first.peer() == null;
    Metric shown = alone ? first.metric() : Metric.OPERATIONS_PER_SECOND;
    out.printf(
        Locale.ROOT,
        LINE,
        line.workload(),
        alone ? shown.label() : line.peer(),
        number(line.ours(shown), alone ? "%,.2f" : "%,.0f"),
        alone ? "" : number(line.theirs(shown), "%,.0f"),
        alone ? "" : number(line.ratio(shown), "%.2f"),
        alone ? "" : number(line.ratio(Metric.CPU_PER_OPERATION), "%.2f"),
        line.aims().stream().map(AimTable::words).collect(Collectors.joining(", ")),
        line.verdict().label);
  }

  private static String words(Aim aim) {
    String name = aim.metric() == Metric.CPU_PER_OPERATION ? "CPU " : "";
    String sign = aim.metric().better() == Metric.Better.HIGHER ? ">=" : "<=";
    return name + sign + String.format(Locale.ROOT, " %.2f", aim.bound());
  }

  private static String number(double value, String format) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }
}
