package dev.iobus.bench.bus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.IOException;
import java.util.Map;
import org.HdrHistogram.Histogram;

/// Reads what fio reports of its one job (`--output-format=json+`).
///
/// Latencies are fio's `lat_ns`, from the preparation of an operation to its result, as they are
/// taken everywhere else here; fio counts them in classes that are 1.6 % wide. Processor time is
/// that of fio's thread alone, without workers that the kernel may have started for it.
final class FioReport {

  private static final double NANOS_PER_MILLI = 1e6;

  private FioReport() {}

  /// @param report a JSON document, after messages or not
  /// @param writes whether the job wrote
  /// @throws IOException when it is none, when an operation failed or was short, or none was done
  static Outcome parse(String report, boolean writes) throws IOException {
    JsonNode job = document(report).at("/jobs/0");
    JsonNode side = job.path(writes ? "write" : "read");
    if (number(job, "error") != 0) {
      throw new IOException("fio: expected no error, found error " + job.get("error"));
    }
    requireNone(side, "short_ios");
    requireNone(side, "drop_ios");
    long operations = number(side, "total_ios");
    double nanos = number(side, "runtime") * NANOS_PER_MILLI;
    if (operations < 1 || nanos <= 0) {
      throw new IOException("fio: expected at least one operation, found " + operations);
    }
    Histogram latencies = latencies(side.path("lat_ns"));
    if (latencies.getTotalCount() != operations) {
      throw new IOException(
          "fio: expected latencies of " + operations + " operations, found "
              + latencies.getTotalCount());
    }
    Measurement measurement =
        new Measurement(
            operations, number(side, "io_bytes"), (long) nanos, latencies, Series.NONE);
    return Outcome.of(measurement, processorTime(job));
  }

  private static JsonNode document(String report) throws IOException {
    int start = report.indexOf('{');
    if (start < 0) {
      throw new IOException("fio printed no report: " + report.strip());
    }
    try {
      return new ObjectMapper().readTree(report.substring(start));
    } catch (JsonProcessingException e) {
      throw new IOException("fio's report is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static void requireNone(JsonNode side, String name) throws IOException {
    long count = number(side, name);
    if (count != 0) {
      throw new IOException("fio: expected no " + name + ", found " + count);
    }
  }

  private static Histogram latencies(JsonNode times) throws IOException {
    Histogram latencies = new Latencies().toHistogram();
    for (Map.Entry<String, JsonNode> bin : times.path("bins").properties()) {
      try {
        latencies.recordValueWithCount(Long.parseLong(bin.getKey()), bin.getValue().longValue());
      } catch (NumberFormatException e) {
        throw new IOException("fio's report has the latency '" + bin.getKey() + "'", e);
      }
    }
    return latencies;
  }

  private static Outcome.ProcessorTime processorTime(JsonNode job) throws IOException {
    double nanosPerPercent = number(job, "job_runtime") * NANOS_PER_MILLI / 100;
    return new Outcome.ProcessorTime(
        share(job, "usr_cpu") * nanosPerPercent, share(job, "sys_cpu") * nanosPerPercent);
  }

  private static long number(JsonNode parent, String name) throws IOException {
    return numeric(parent, name).longValue();
  }

  private static double share(JsonNode parent, String name) throws IOException {
    return numeric(parent, name).doubleValue();
  }

  private static JsonNode numeric(JsonNode parent, String name) throws IOException {
    JsonNode found = parent.path(name);
    if (!found.isNumber()) {
      throw new IOException("fio's report has no number " + name);
    }
    return found;
  }
}
