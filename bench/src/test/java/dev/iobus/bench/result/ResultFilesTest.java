package dev.iobus.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ResultFilesTest {

  @TempDir private Path directory;

  private static Measurement measurement(long... nanos) {
    Latencies latencies = new Latencies();
    for (long n : nanos) {
      latencies.record(n);
    }
    Series series = new Series(100_000_000, List.of(10.0, 30.0));
    return new Measurement(
        nanos.length, 0, 1_000_000_000, latencies.toHistogram(), series);
  }

  private static Result result() {
    ResultBuilder builder = new ResultBuilder("test");
    builder.fact("subject", "a \"quoted\" one, with a comma");
    Run noisy = Run.of("get, all", "ours", 0, measurement(1_000, 2_000, 3_000));
    builder.add(noisy);
    builder.supersede(noisy, Run.of("get, all", "ours", 1, measurement(500, 700)));
    builder.add(Run.of("get, all", "theirs", 0, measurement()));
    return builder.build();
  }

  @Test
  void whatIsWrittenIsRead() throws Exception {
    Result written = result();
    ResultFiles.write(written, directory);
    Result read = ResultFiles.read(directory);
    assertEquals(written.facts(), read.facts());
    assertEquals(3, read.runs().size());
    for (int i = 0; i < 3; i++) {
      Run before = written.runs().get(i);
      Run after = read.runs().get(i);
      assertEquals(before.metrics(), after.metrics());
      assertEquals(before.superseded(), after.superseded());
      assertEquals(before.series(), after.series());
      assertNotNull(before.latencies());
      assertNotNull(after.latencies());
      assertEquals(
          before.latencies().getTotalCount(), after.latencies().getTotalCount());
      assertEquals(
          before.latencies().getValueAtPercentile(50), after.latencies().getValueAtPercentile(50));
    }
    assertEquals(read.runs().size(), ResultFiles.read(directory.resolve("result.json")).runs().size());
  }

  @Test
  void whatWasNotMeasuredIsAbsent() throws Exception {
    ResultFiles.write(result(), directory);
    Run idle = ResultFiles.read(directory).runs().get(2);
    assertNull(idle.metrics().get(Metric.P50));
    assertTrue(Double.isNaN(idle.value(Metric.MEGABYTES_PER_SECOND)));
    assertFalse(Files.readString(directory.resolve("result.json")).contains("NaN"));
  }

  @Test
  void supersededRunsDoNotCount() {
    Rows rows = Rows.of(result());
    var subjects = rows.workloads().getOrDefault("get, all", new LinkedHashMap<>());
    List<Run> ours = subjects.getOrDefault("ours", List.of());
    assertEquals(1, ours.size());
    assertEquals(1, ours.getFirst().round());
  }

  @Test
  void failureIsInBothForms() throws Exception {
    ResultBuilder builder = new ResultBuilder("test");
    builder.fail("wrong answer: key 7");
    builder.fail("and one more");
    Result failed = builder.build();
    ResultFiles.write(failed, directory);
    assertEquals("wrong answer: key 7", ResultFiles.read(directory).failure());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ResultTable.print(failed, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    assertTrue(bytes.toString(StandardCharsets.UTF_8).contains("FAILED: wrong answer: key 7"));
  }

  @Test
  void otherFilesAreRefusedByName() throws Exception {
    IOException absent =
        assertThrows(IOException.class, () -> ResultFiles.read(directory.resolve("nothing")));
    assertTrue(String.valueOf(absent.getMessage()).contains("nothing"));
    Path other = Files.writeString(directory.resolve("result.json"), "[1, 2]");
    IOException wrong = assertThrows(IOException.class, () -> ResultFiles.read(other));
    assertTrue(String.valueOf(wrong.getMessage()).contains("is no result"));
    Files.writeString(
        other,
        "{\"format\":99,\"job\":\"kv\",\"environment\":{},\"facts\":{},\"failure\":null,\"runs\":[]}");
    IOException newer = assertThrows(IOException.class, () -> ResultFiles.read(other));
    assertTrue(String.valueOf(newer.getMessage()).contains("format 99"));
  }

  @Test
  void spreadHasTheMedian() {
    assertEquals(new Spread(1, 2, 9), Spread.of(9, 1, 2));
    assertEquals(new Spread(1, 2.5, 9), Spread.of(9, 1, 2, 3));
  }
}
