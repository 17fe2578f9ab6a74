package dev.iobus.bench.bus;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs `fio`, the common yardstick for block devices, on a [BlockFile] with the settings that
/// [DirectReads] has: io_uring, O_DIRECT, registered file and buffers. Immutable.
///
/// @param version what `fio --version` says
record Fio(String version) {

  /// What one run of fio reports.
  record Outcome(double rate, double p50Nanos, double p99Nanos) {}

  /// fio where it is installed, else null.
  static @Nullable Fio find() throws InterruptedException {
    try {
      return new Fio(output(List.of("fio", "--version")).strip());
    } catch (IOException notInstalled) {
      return null;
    }
  }

  /// Reads random blocks of `file` for `seconds`.
  Outcome run(BlockFile file, int depth, int seconds) throws IOException, InterruptedException {
    String output =
        output(
            List.of(
                "fio",
                "--name=randread",
                "--filename=" + file.path(),
                "--readonly",
                "--rw=randread",
                "--bs=" + BlockFile.BLOCK_LENGTH,
                "--size=" + BlockFile.offsetOf(file.blocks()),
                "--ioengine=io_uring",
                "--direct=1",
                "--fixedbufs=1",
                "--registerfiles=1",
                "--norandommap",
                "--randrepeat=0",
                "--iodepth=" + depth,
                "--time_based",
                "--runtime=" + seconds,
                "--output-format=json"));
    return parse(output);
  }

  /// Takes the rate and the completion latencies from fio's report.
  static Outcome parse(String output) throws IOException {
    int start = output.indexOf('{');
    if (start < 0) {
      throw new IOException("fio printed no report: " + output);
    }
    Map<String, Object> report = JSON.std.mapFrom(output.substring(start));
    Object job = report.get("jobs") instanceof List<?> jobs && !jobs.isEmpty() ? jobs.getFirst() : null;
    Map<?, ?> read = child(job, "read");
    Map<?, ?> percentiles = child(child(read, "clat_ns"), "percentile");
    return new Outcome(
        number(read, "iops"), number(percentiles, "50.000000"), number(percentiles, "99.000000"));
  }

  private static Map<?, ?> child(@Nullable Object parent, String name) throws IOException {
    if (parent instanceof Map<?, ?> map && map.get(name) instanceof Map<?, ?> found) {
      return found;
    }
    throw new IOException("fio's report has no " + name);
  }

  private static double number(Map<?, ?> parent, String name) throws IOException {
    if (parent.get(name) instanceof Number found) {
      return found.doubleValue();
    }
    throw new IOException("fio's report has no number " + name);
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status != 0) {
      throw new IOException(command.getFirst() + " ended with status " + status + ": " + output);
    }
    return output;
  }
}
