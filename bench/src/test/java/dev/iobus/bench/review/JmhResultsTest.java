package dev.iobus.bench.review;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.Run;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class JmhResultsTest {

  private static final String AVERAGE =
      """
      {%s "benchmark": "dev.iobus.bench.jmh.BusReadBenchmark.nops", "mode": "avgt",
       "params": {"backend": "NIO", "depth": "8"},
       "primaryMetric": {"score": 250.0, "scoreError": "NaN", "scoreUnit": "ns/op",
         "rawData": [[200.0, 400.0], [250.0, 500.0]]},
       "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 24.0, "scoreUnit": "B/op",
         "rawData": [[16.0, 24.0], [24.0, 32.0]]}}}
      """;

  private static final String THROUGHPUT =
      """
      {%s "benchmark": "dev.iobus.bench.jmh.StoreGetBenchmark.get", "mode": "thrpt",
       "primaryMetric": {"score": 1.5, "scoreUnit": "ops/us", "rawData": [[1.5]]},
       "secondaryMetrics": {}}
      """;

  private static final String SAMPLE =
      """
      {%s "benchmark": "dev.iobus.bench.jmh.StoreGetBenchmark.get", "mode": "sample",
       "primaryMetric": {"score": 2.0, "scoreUnit": "us/op",
         "rawDataHistogram": [[[[1.0, 90], [11.0, 10]]]]},
       "secondaryMetrics": {}}
      """;

  @TempDir private Path directory;

  private static String head(int threads) {
    return """
        "jmhVersion": "1.37", "threads": %d, "forks": 2, "measurementIterations": 2,
        "jvm": "/home/somebody/jdk/bin/java", "jvmArgs": ["-Dsecret=1"],
        "jdkVersion": "25.0.1", "vmName": "OpenJDK 64-Bit Server VM", "vmVersion": "25.0.1+8",
        """
        .formatted(threads);
  }

  private static Result parse(String... benchmarks) throws IOException {
    return JmhResults.parse("[" + String.join(",", benchmarks) + "]", "jmh.json");
  }

  @Test
  void timesBecomeRates() throws Exception {
    Result result = parse(AVERAGE.formatted(head(4)));
    assertEquals(4, result.runs().size());
    Run first = result.runs().getFirst();
    assertEquals("BusReadBenchmark.nops, depth=8, 4 threads", first.workload());
    assertEquals("NIO", first.subject());
    assertEquals(20e6, first.value(Metric.OPERATIONS_PER_SECOND), 1e-3);
    assertEquals(8e6, result.runs().getLast().value(Metric.OPERATIONS_PER_SECOND), 1e-3);
    assertEquals(3, result.runs().getLast().round());
    assertEquals(16, first.value(Metric.ALLOCATED_PER_OPERATION));
    assertEquals("threads divided by time per operation", result.facts().get("rate"));
    assertNull(first.latencies());
  }

  @Test
  void ratesStayRates() throws Exception {
    Result result = parse(THROUGHPUT.formatted(head(4)));
    Run run = result.runs().getFirst();
    assertEquals("StoreGetBenchmark.get, 4 threads", run.workload());
    assertEquals("jmh", run.subject());
    assertEquals(1.5e6, run.value(Metric.OPERATIONS_PER_SECOND), 1e-3);
    assertTrue(Double.isNaN(run.value(Metric.ALLOCATED_PER_OPERATION)));
    assertNull(result.facts().get("rate"));
  }

  @Test
  void samplesBecomeLatencies() throws Exception {
    Run run = parse(SAMPLE.formatted(head(1))).runs().getFirst();
    assertNotNull(run.latencies());
    assertEquals(100, run.latencies().getTotalCount());
    assertEquals(1_000, run.value(Metric.P50), 10);
    assertEquals(11_000, run.value(Metric.P99), 110);
    assertEquals(500e3, run.value(Metric.OPERATIONS_PER_SECOND), 1e-3);
  }

  @Test
  void modesOfOneBenchmarkAreTwoWorkloads() throws Exception {
    Result result = parse(THROUGHPUT.formatted(head(1)), SAMPLE.formatted(head(1)));
    assertEquals("StoreGetBenchmark.get, thrpt", result.runs().getFirst().workload());
    assertEquals("StoreGetBenchmark.get, sample", result.runs().getLast().workload());
    assertEquals("thrpt, sample", result.facts().get("mode"));
  }

  @Test
  void nothingNamesAPlace() throws Exception {
    Result result = parse(AVERAGE.formatted(head(1)));
    String told = result.environment() + " " + result.facts();
    assertTrue(told.contains("25.0.1+8") && told.contains("1.37"), told);
    assertTrue(!told.contains("somebody") && !told.contains("secret"), told);
  }

  @Test
  void otherFilesAreRefusedByName() {
    String odd = THROUGHPUT.formatted(head(1)).replace("ops/us", "furlongs");
    assertTrue(message(odd).contains("jmh.json has scores in 'furlongs', expected"));
    String bare = THROUGHPUT.formatted(head(1)).replace("\"rawData\"", "\"other\"");
    assertTrue(message(bare).contains("expected a field 'rawData'"));
    assertTrue(message("{}").contains("expected a field 'benchmark'"));
    assertTrue(message("{").contains("jmh.json is no JSON"));
  }

  private static String message(String benchmark) {
    return String.valueOf(assertThrows(IOException.class, () -> parse(benchmark)).getMessage());
  }

  @Test
  void reportIsMadeOfAJmhFile() throws Exception {
    Path file = directory.resolve("jmh.json");
    Files.writeString(file, "[" + AVERAGE.formatted(head(1)) + "]");
    assertEquals(ExitStatus.OK, report(file.toString()));
    String page = Files.readString(directory.resolve("report.html"));
    assertTrue(page.contains("BusReadBenchmark.nops, depth=8"));
    assertTrue(page.contains("allocated/op"));
    Path other = directory.resolve("other.html");
    assertEquals(ExitStatus.OK, report(file.toString(), "--out", other.toString()));
    assertEquals(page, Files.readString(other));
  }

  @Test
  void absentResultMakesNoReport() {
    assertEquals(ExitStatus.FAILURE, report(directory.resolve("absent").toString()));
    assertTrue(Files.notExists(directory.resolve("report.html")));
  }

  private static int report(String... arguments) {
    return new CommandLine(new ReportCommand())
        .setOut(new PrintWriter(new StringWriter()))
        .setErr(new PrintWriter(new StringWriter()))
        .execute(arguments);
  }
}
