package dev.iobus.bench.review;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.measure.Series;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.result.Run;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CompareCommandTest {

  @TempDir private Path directory;

  /// What the command printed, and how it ended.
  private record Outcome(int status, String out, String err) {

    /// The printed line of a row.
    String row(String workload) {
      return out.lines().filter(line -> line.startsWith(workload)).findFirst().orElseThrow();
    }
  }

  private static ResultBuilder result(String kernel) {
    ResultBuilder result = new ResultBuilder("versus");
    result.environment(Map.of("kernel", kernel));
    return result;
  }

  private static void add(ResultBuilder result, String workload, double... rates) {
    for (int i = 0; i < rates.length; i++) {
      Map<Metric, Double> metrics =
          Map.of(Metric.OPERATIONS_PER_SECOND, rates[i], Metric.P99, 5_000.0);
      result.add(
          new Run(workload, "iobus", i, false, 0, 0, 0, metrics, null, Series.NONE));
    }
  }

  private static ResultBuilder with(String workload, double... rates) {
    ResultBuilder result = result("Linux 6.18");
    add(result, workload, rates);
    return result;
  }

  private Path written(String name, ResultBuilder result) throws IOException {
    Path place = Files.createDirectories(directory.resolve(name));
    ResultFiles.write(result.build(), place);
    return place;
  }

  private static Outcome execute(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        new CommandLine(new CompareCommand())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Outcome(status, out.toString(), err.toString());
  }

  private Outcome compare(ResultBuilder old, ResultBuilder now, String... options)
      throws IOException {
    String[] arguments = new String[options.length + 2];
    System.arraycopy(options, 0, arguments, 0, options.length);
    arguments[options.length] = written("old", old).toString();
    arguments[options.length + 1] = written("new", now).toString();
    return execute(arguments);
  }

  @Test
  void plantedRegressionIsFound() throws Exception {
    Outcome outcome = compare(with("put", 100, 101, 99), with("put", 80, 81, 79));
    assertEquals(ExitStatus.FAILURE, outcome.status());
    assertTrue(outcome.row("put").contains("slower"), outcome.out());
    assertTrue(outcome.row("put").contains("-20.0"), outcome.out());
  }

  @Test
  void gainIsNoRegression() throws Exception {
    Outcome outcome = compare(with("put", 100, 101, 99), with("put", 130, 131, 129));
    assertEquals(ExitStatus.OK, outcome.status());
    assertTrue(outcome.row("put").contains("faster"), outcome.out());
  }

  @Test
  void noiseIsNotReported() throws Exception {
    Outcome outcome = compare(with("put", 100, 130, 80), with("put", 85, 110, 68));
    assertEquals(ExitStatus.OK, outcome.status());
    assertTrue(outcome.row("put").contains("unsure"), outcome.out());
  }

  @Test
  void thresholdDecidesWhatCounts() throws Exception {
    ResultBuilder old = with("put", 100, 100.2, 99.8);
    ResultBuilder now = with("put", 97, 97.2, 96.8);
    Outcome usual = compare(old, now);
    assertEquals(ExitStatus.OK, usual.status());
    assertTrue(usual.row("put").contains("same"), usual.out());
    assertEquals(ExitStatus.FAILURE, compare(old, now, "--threshold", "2").status());
    assertEquals(ExitStatus.USAGE, compare(old, now, "--threshold", "0").status());
  }

  @Test
  void resultsWithoutACommonRowAreNotComparable() throws Exception {
    Outcome outcome = compare(with("put", 100, 101, 99), with("get", 100, 101, 99));
    assertEquals(ExitStatus.ENVIRONMENT, outcome.status());
    assertTrue(outcome.err().contains("share no row"), outcome.err());
  }

  @Test
  void resultsWithOtherOptionsAreNotComparable() throws Exception {
    ResultBuilder now = with("put", 100, 101, 99);
    now.fact("time", "3 rounds of 5 s");
    ResultBuilder old = with("put", 100, 101, 99);
    old.fact("time", "3 rounds of 1 s");
    Outcome outcome = compare(old, now);
    assertEquals(ExitStatus.ENVIRONMENT, outcome.status());
    assertTrue(outcome.err().contains("3 rounds of 5 s"), outcome.err());
  }

  @Test
  void oneRunDecidesNothing() throws Exception {
    Outcome outcome = compare(with("put", 100, 101, 99), with("put", 10));
    assertEquals(ExitStatus.OK, outcome.status());
    assertTrue(outcome.row("put").contains("one run"), outcome.out());
    assertTrue(outcome.row("put").contains("unsure"), outcome.out());
  }

  @Test
  void rowsOfOneResultOnlyAreListed() throws Exception {
    ResultBuilder old = with("put", 100, 101);
    add(old, "gone", 5, 5);
    ResultBuilder now = with("put", 100, 101);
    add(now, "added", 5, 5);
    Outcome outcome = compare(old, now);
    assertEquals(ExitStatus.OK, outcome.status());
    List<String> lines = outcome.out().lines().toList();
    assertEquals("  gone, iobus", lines.get(lines.indexOf("only in the old result:") + 1));
    assertEquals("  added, iobus", lines.get(lines.indexOf("only in the new result:") + 1));
  }

  @Test
  void otherMachineIsRefused() throws Exception {
    ResultBuilder old = result("Linux 6.18");
    ResultBuilder now = result("Linux 5.15");
    add(old, "put", 100, 101, 99);
    add(now, "put", 80, 81, 79);
    Outcome refused = compare(old, now);
    assertEquals(ExitStatus.ENVIRONMENT, refused.status());
    assertTrue(refused.err().contains("kernel"));
    assertTrue(refused.err().contains("old: Linux 6.18"));
    assertTrue(refused.err().contains("new: Linux 5.15"));
    assertEquals("", refused.out());
    Outcome forced = compare(old, now, "--force");
    assertEquals(ExitStatus.FAILURE, forced.status());
    assertTrue(forced.row("put").contains("slower"));
  }

  @Test
  void whatOneSideDoesNotSayIsADifference() throws Exception {
    ResultBuilder old = with("put", 100, 101);
    old.environment(Map.of("JDK", "25"));
    Outcome refused = compare(old, with("put", 100, 101));
    assertEquals(ExitStatus.ENVIRONMENT, refused.status());
    assertTrue(refused.err().contains("new: (absent)"));
  }

  @Test
  void commitAndDateMayDiffer() throws Exception {
    ResultBuilder old = with("put", 100, 101);
    old.environment(Map.of("commit", "a", "date", "yesterday"));
    ResultBuilder now = with("put", 100, 101);
    now.environment(Map.of("commit", "b", "date", "today"));
    assertEquals(ExitStatus.OK, compare(old, now).status());
  }

  @Test
  void failedResultIsRefused() throws Exception {
    ResultBuilder now = with("put", 100, 101);
    now.fail("wrong answer: key 7");
    Outcome refused = compare(with("put", 100, 101), now);
    assertEquals(ExitStatus.ENVIRONMENT, refused.status());
    assertTrue(refused.err().contains("wrong answer: key 7"));
    assertEquals(ExitStatus.OK, compare(with("put", 100, 101), now, "--force").status());
  }

  @Test
  void missingResultIsNamed() throws Exception {
    Path there = written("there", with("put", 100));
    Outcome outcome = execute(there.toString(), directory.resolve("absent").toString());
    assertEquals(ExitStatus.USAGE, outcome.status());
    assertTrue(outcome.err().contains("absent: no such result"), outcome.err());
    assertFalse(outcome.err().contains("\tat "), "no stack");
  }

  @Test
  void supersededRunsDoNotCount() throws Exception {
    ResultBuilder now = with("put", 10, 101, 99);
    Run noisy = now.runs().getFirst();
    now.supersede(noisy, noisy.with(Metric.OPERATIONS_PER_SECOND, 100));
    assertTrue(compare(with("put", 100, 101, 99), now).row("put").contains("same"));
  }

  @Test
  void intervalIsThatOfWelch() {
    // As scipy.stats.ttest_ind(equal_var=False) gives it for the logarithms of these values.
    ChangeInterval interval =
        ChangeInterval.between(new double[] {100, 104, 108}, new double[] {90, 95, 100, 92});
    assertNotNull(interval);
    assertEquals(-0.165955, interval.low(), 1e-6);
    assertEquals(-0.015877, interval.high(), 1e-6);
    assertNull(ChangeInterval.between(new double[] {100}, new double[] {90, 95}));
    assertNull(ChangeInterval.between(new double[] {100, 0}, new double[] {90, 95}));
    assertEquals(
        new ChangeInterval(0, 0),
        ChangeInterval.between(new double[] {7, 7}, new double[] {7, 7}));
  }
}
