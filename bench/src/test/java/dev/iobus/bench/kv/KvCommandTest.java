package dev.iobus.bench.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// The whole command on little data, with all its processes.
final class KvCommandTest {

  @TempDir private Path directory;

  @Test
  void rowsRunInProcesses() throws Exception {
    Path numbers = directory.resolve("numbers");
    int status =
        new CommandLine(new KvCommand())
            .execute(
                "--workloads=fillrandom,readrandom,open-after-crash",
                "--keys=2000",
                "--cache=32m",
                "--rounds=2",
                "--repeat-noisy=1",
                "--seconds=0.05",
                "--warm-up=0.01",
                "--dir=" + directory,
                "--out=" + numbers,
                "--no-progress");
    assertEquals(0, status);
    Result result = ResultFiles.read(numbers);
    assertTrue(result.passed());
    Rows rows = Rows.of(result);
    assertEquals(
        List.of("fillrandom", "readrandom", "open-after-crash"),
        List.copyOf(rows.workloads().keySet()));
    for (var subjects : rows.workloads().values()) {
      List<Run> runs = subjects.getOrDefault("iobus", List.of());
      assertEquals(2, runs.size());
      assertTrue(runs.getFirst().value(Metric.RESIDENT_PEAK) > 1 << 20);
    }
    assertTrue(Files.exists(numbers.resolve("report.html")));
    assertTrue(Files.size(numbers.resolve("latency.hdr")) > 100);
    assertFalse(leavesData(), "the data must be removed");
  }

  private boolean leavesData() throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      return files.anyMatch(file -> file.getFileName().toString().contains("-data-"));
    }
  }

  private static String refusal(String... arguments) {
    StringWriter errors = new StringWriter();
    CommandLine line = new CommandLine(new KvCommand());
    line.setErr(new PrintWriter(errors));
    assertEquals(2, line.execute(arguments), String.join(" ", arguments));
    return errors.toString();
  }

  @Test
  void wrongUsageIsTold() {
    assertTrue(refusal("--workloads=fillrandm").contains("'fillrandm' is not a workload"));
    assertTrue(refusal("--peers=nosuchstore").contains("'nosuchstore' is not in this build"));
    assertTrue(refusal("--key-size=3").contains("key length 3"));
    assertTrue(refusal("--value-size=4").contains("value length 4"));
    assertTrue(refusal("--keys=-5").contains("not -5"));
    assertTrue(refusal("--seconds=0").contains("seconds 0.0"));
    assertTrue(refusal("--rounds=0").contains("--rounds 0"));
    assertTrue(refusal("--cache=1m").contains("--cache 1048576"));
    assertTrue(refusal("--cache=64m", "--data-cache-ratio=4").contains("exclude"));
    assertTrue(
        refusal("--preset=STANDARD", "--workloads=readseq", "--rounds=1").contains("exclude"));
    assertTrue(refusal("--threads=0", "--workloads=readseq").contains("thread count 0"));
    assertTrue(refusal("--durability=SYNCED").contains("--durability is for --workloads"));
    assertTrue(refusal("--nexts=-5", "--workloads=seekrandom").contains("--nexts -5 is below 0"));
    assertTrue(refusal("--keys=2147483647").contains("1 to 100,000,000, not 2,147,483,647"));
    assertTrue(refusal("--cache=64g").contains("1 to 100,000,000"));
  }

  @Test
  void helpAndListAreNoErrors() {
    assertEquals(0, new CommandLine(new KvCommand()).execute("--help"));
    assertEquals(0, new CommandLine(new KvCommand()).execute("--list"));
  }

  @Test
  void labelsSayWhatIsNotUsual() {
    DataShape data = new DataShape(1_000_000, 16, 100, 0.5, true, 1);
    List<String> labels =
        Preset.STANDARD.rows(data, 192L << 20).stream().map(Row::label).toList();
    assertEquals(labels.size(), labels.stream().distinct().count(), labels.toString());
    assertTrue(labels.contains("fillsync, 1000v"), labels.toString());
    assertTrue(labels.contains("seekrandom 1000"), labels.toString());
    assertTrue(labels.contains("fillrandom, BUFFERED"), labels.toString());
    assertTrue(labels.contains("readrandom, 1000v, data 4x"), labels.toString());
  }
}
