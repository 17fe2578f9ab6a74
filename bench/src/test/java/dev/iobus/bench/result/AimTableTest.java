package dev.iobus.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AimTableTest {

  @Test
  void missedComesFirstThenUnknownThenMet() {
    Result result =
        result(
            Aim.rate("read", "slow", 1.5),
            Aim.rate("read", "absent", 1),
            Aim.rate("read", "fast", 0.95),
            Aim.rate("never run", "slow", 1));
    assertEquals(
        List.of("fast MISSED", "absent UNKNOWN", "slow UNKNOWN", "slow MET"),
        AimTable.lines(result).stream().map(line -> line.peer() + " " + line.verdict()).toList());
  }

  @Test
  void everyAimOfALineMustBeMet() {
    assertEquals(AimTable.Verdict.MET, verdict(Aim.rate("read", "slow", 2)));
    assertEquals(
        AimTable.Verdict.MET, verdict(Aim.rate("read", "slow", 2), Aim.cpu("read", "slow", 0.5)));
    assertEquals(
        AimTable.Verdict.MISSED,
        verdict(Aim.rate("read", "slow", 2), Aim.cpu("read", "slow", 0.49)));
    assertEquals(AimTable.Verdict.MISSED, verdict(Aim.rate("read", "slow", 2.01)));
    assertEquals(AimTable.Verdict.MET, verdict(Aim.allocation("read", 8)));
    assertEquals(AimTable.Verdict.MISSED, verdict(Aim.allocation("read", 7.9)));
  }

  @Test
  void tableShowsMediansAndAims() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AimTable.print(
        result(Aim.rate("read", "slow", 1.5), Aim.cpu("read", "slow", 0.6)),
        new PrintStream(bytes, false, StandardCharsets.UTF_8));
    String[] lines = bytes.toString(StandardCharsets.UTF_8).split("\n");
    assertEquals(
        "read slow 200 100 2.00 0.50 >= 1.50, CPU <= 0.60 met", lines[1].replaceAll("\\s+", " "));
  }

  @Test
  void aimsSurviveTheFiles(@TempDir Path directory) throws Exception {
    Result written = result(Aim.rate("read", "slow", 1.5), Aim.allocation("read", 0.5));
    ResultFiles.write(written, directory);
    assertEquals(written.aims(), ResultFiles.read(directory).aims());
  }

  private static AimTable.Verdict verdict(Aim... aims) {
    List<AimTable.Line> lines = AimTable.lines(result(aims));
    assertEquals(1, lines.size());
    return lines.getFirst().verdict();
  }

  /// Ours does 200 operations a second; 8 bytes of heap and 5 ns of processor time each.
  private static Result result(Aim... aims) {
    ResultBuilder builder = new ResultBuilder("bus");
    builder.add(run("ours", 200, 5));
    builder.add(run("slow", 100, 10));
    builder.add(run("fast", 400, 10));
    for (Aim aim : aims) {
      builder.aim(aim);
    }
    assertTrue(builder.build().passed());
    return builder.build();
  }

  private static Run run(String subject, long rate, double cpuNanos) {
    Measurement m =
        new Measurement(
            rate, 0, 1_000_000_000, new Latencies().toHistogram(), Series.NONE, 8.0 * rate);
    return Run.of("read", subject, 0, m).with(Metric.CPU_PER_OPERATION, cpuNanos);
  }
}
