package dev.iobus.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.Series;
import dev.iobus.bench.report.Contest.Outcome;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.result.Spread;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FindingsTest {

  private static Run run(String workload, String subject, double rate) {
    Map<Metric, Double> metrics = Map.of(Metric.OPERATIONS_PER_SECOND, rate);
    return new Run(workload, subject, 0, false, 0, 0, 0, metrics, null, Series.NONE);
  }

  private static Run run(Series series) {
    return new Run("w", "s", 0, false, 0, 0, 0, Map.of(), null, series);
  }

  private static Outcome outcome(List<Double> ours, List<Double> theirs) {
    return Contest.of(
            0,
            "w",
            "theirs",
            ours.stream().map(rate -> run("w", "ours", rate)).toList(),
            theirs.stream().map(rate -> run("w", "theirs", rate)).toList())
        .outcome();
  }

  @Test
  void roundsThatOverlapAreEven() {
    assertEquals(Outcome.FASTER, outcome(List.of(110.0, 120.0), List.of(100.0, 109.0)));
    assertEquals(Outcome.EVEN, outcome(List.of(108.0, 120.0), List.of(100.0, 109.0)));
    assertEquals(Outcome.SLOWER, outcome(List.of(90.0, 99.0), List.of(100.0, 109.0)));
    assertEquals(Outcome.EVEN, outcome(List.of(101.0), List.of(100.0)));
  }

  @Test
  void referenceComesFirstInEachWorkload() {
    ResultBuilder result = new ResultBuilder("versus");
    result.add(run("a", "ours", 1));
    result.add(run("a", "theirs", 2));
    result.add(run("b", "theirs", 2));
    result.add(run("b", "ours", 4));
    result.add(run("c", "theirs", 4));
    Findings findings = Findings.of(result.build());
    assertEquals("ours", findings.reference());
    assertEquals("ours", findings.workloads().get(1).subjects().firstEntry().getKey());
    assertEquals(List.of(0.5, 2.0), findings.contests().stream().map(Contest::ratio).toList());
  }

  @Test
  void whatHasNoRateIsNoContest() {
    ResultBuilder result = new ResultBuilder("versus");
    result.add(run("a", "ours", 1));
    result.add(run("a", "stuck", 0));
    assertTrue(Findings.of(result.build()).contests().isEmpty());
  }

  @Test
  void coloursStayApart() {
    List<String> names = new ArrayList<>(List.of("ours"));
    for (int i = 1; i < Palette.COLOURS; i++) {
      names.add("peer" + i);
    }
    Palette palette = Palette.of(names);
    assertEquals(0, palette.slot("ours"));
    assertEquals(Palette.COLOURS, new HashSet<>(palette.slots().values()).size());
    assertEquals(
        palette.slot("peer1"), Palette.of(List.of("ours", "peer1")).slot("peer1"), "by its name");
    names.add("one more");
    assertNotEquals(0, Palette.of(names).slot("one more"));
  }

  @Test
  void roundsOfASeriesAreJoinedByTime() {
    SeriesBand band =
        SeriesBand.of(
            List.of(
                run(new Series(1_000_000_000, List.of(10.0, 20.0))),
                run(new Series(500_000_000, List.of(10.0, 30.0, 40.0))),
                run(new Series(1_000_000_000, List.of(60.0))),
                run(Series.NONE)));
    assertEquals(1, band.seconds());
    assertEquals(List.of(new Spread(10, 20, 60), new Spread(20, 30, 40)), band.spreads());
  }

  @Test
  void longSeriesAreAveraged() {
    SeriesBand band =
        SeriesBand.of(List.of(run(new Series(1_000_000_000, Collections.nCopies(3_500, 7.0)))));
    assertEquals(4, band.seconds());
    assertEquals(875, band.spreads().size());
    assertEquals(new Spread(7, 7, 7), band.spreads().getLast());
  }

  @Test
  void amountsHaveThreeDigitsAndAUnit() {
    assertEquals("1.23\u00a0M/s", Amounts.of(Metric.OPERATIONS_PER_SECOND, 1_234_567));
    assertEquals("1.00\u00a0M/s", Amounts.of(Metric.OPERATIONS_PER_SECOND, 999_600));
    assertEquals("7.10\u00a0/s", Amounts.of(Metric.OPERATIONS_PER_SECOND, 7.1));
    assertEquals("987\u00a0ns", Amounts.of(Metric.P50, 987));
    assertEquals("12.3\u00a0µs", Amounts.of(Metric.P50, 12_345));
    assertEquals("64.0\u00a0MiB", Amounts.of(Metric.HEAP_PEAK, 64 << 20));
    assertEquals("1.50\u00a0KiB", Amounts.of(Metric.READ_PER_OPERATION, 1_536));
    assertEquals("12,345", Amounts.of(Metric.PINNED, 12_345));
    assertEquals("5.00\u00a0%", Amounts.of(Metric.OTHERS_CPU, 0.05));
    assertEquals("0", Amounts.of(Metric.STALL, 0));
    assertEquals("–", Amounts.of(Metric.STALL, Double.NaN));
    assertEquals("188–209\u00a0K/s", Amounts.range(Metric.OPERATIONS_PER_SECOND, 188e3, 209e3));
    assertEquals(
        "949\u00a0K/s–1.01\u00a0M/s", Amounts.range(Metric.OPERATIONS_PER_SECOND, 949e3, 1.01e6));
  }
}
