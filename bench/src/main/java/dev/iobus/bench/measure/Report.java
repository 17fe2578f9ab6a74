package dev.iobus.bench.measure;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Rows and what they were measured on, as a table for people and as JSON for programs. Confined
/// to one thread.
public final class Report {

  private static final String HEADER_FORMAT = "%-26s %10s %12s %9s %10s %10s %8s %8s%n";
  private static final String ROW_FORMAT = "%-26s %,10d %,12.0f %9s %10s %10s %8s %8s%n";
  private static final String ABSENT = "-";

  private final String job;
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final List<Row> rows = new ArrayList<>();
  private @Nullable String failure;

  /// @param job the subcommand that makes the report
  public Report(String job) {
    this.job = job;
  }

  public void fact(String name, String value) {
    facts.put(name, value);
  }

  public void facts(Map<String, String> more) {
    facts.putAll(more);
  }

  public void add(Row row) {
    rows.add(row);
  }

  /// The run ended early; the rows so far stand, and the report says why there are no more.
  public void fail(String reason) {
    failure = reason;
  }

  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /// Prints the table, then the facts.
  public void print(PrintStream out) {
    out.printf(
        Locale.ROOT, HEADER_FORMAT,
        "phase", "operations", "ops/s", "MB/s", "p50 µs", "p99 µs", "written", "disk");
    for (Row row : rows) {
      out.printf(
          Locale.ROOT, ROW_FORMAT,
          row.phase(), row.operations(), row.operationsPerSecond(),
          row.bytes() == 0 ? ABSENT : number(row.megabytesPerSecond()),
          number(row.p50Nanos() / 1e3), number(row.p99Nanos() / 1e3),
          number(row.writtenPerUserByte()), number(row.diskPerUserByte()));
    }
    out.println();
    out.println("written: bytes sent to the device per byte of user data written in the phase;");
    out.println("disk: bytes of files per byte of live user data; -: not measured.");
    out.println();
    facts.forEach((name, value) -> out.printf(Locale.ROOT, "%-16s %s%n", name, value));
    if (failure != null) {
      out.println();
      out.println("FAILED: " + failure);
    }
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return ABSENT;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f", value);
  }

  /// Writes the same as JSON. Numbers that were not measured are null.
  public void write(Path file) throws IOException {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("job", job);
    document.put("passed", failure == null);
    document.put("failure", failure);
    document.put("environment", facts);
    document.put("rows", rows.stream().map(Report::fields).toList());
    JSON json = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);
    Files.writeString(file, json.asString(document) + "\n");
  }

  private static Map<String, @Nullable Object> fields(Row row) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("phase", row.phase());
    fields.put("operations", row.operations());
    fields.put("bytes", row.bytes());
    fields.put("nanos", row.nanos());
    fields.put("operationsPerSecond", measured(row.operationsPerSecond()));
    fields.put("megabytesPerSecond", measured(row.megabytesPerSecond()));
    fields.put("p50Nanos", measured(row.p50Nanos()));
    fields.put("p99Nanos", measured(row.p99Nanos()));
    fields.put("writtenPerUserByte", measured(row.writtenPerUserByte()));
    fields.put("diskPerUserByte", measured(row.diskPerUserByte()));
    return fields;
  }

  private static @Nullable Double measured(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
