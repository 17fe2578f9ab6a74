package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.bench.measure.Measurement;
import java.io.IOException;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FioReportTest {

  /// What fio 3.33 prints, shortened.
  private static final String REPORT =
      """
      fio: a note before the report
      {
        "fio version" : "fio-3.33",
        "jobs" : [ {
          "jobname" : "randread", "error" : 0, "job_runtime" : 2000,
          "usr_cpu" : 16.000000, "sys_cpu" : 20.500000,
          "read" : {
            "io_bytes" : 40960, "iops" : 4.998, "runtime" : 2001, "total_ios" : 10,
            "short_ios" : 0, "drop_ios" : 0,
            "clat_ns" : { "min" : 190, "max" : 141706, "N" : 10 },
            "lat_ns" : {
              "min" : 23775, "max" : 200657, "N" : 10,
              "percentile" : { "50.000000" : 51456 },
              "bins" : { "23680" : 1, "51456" : 8, "199680" : 1 }
            }
          },
          "write" : { "total_ios" : 0, "runtime" : 0, "short_ios" : 0, "drop_ios" : 0 }
        } ]
      }
      """;

  @Test
  void reportIsAMeasurement() throws Exception {
    Outcome outcome = FioReport.parse(REPORT, false);
    Measurement m = outcome.measurement();
    Outcome.ProcessorTime child = Objects.requireNonNull(outcome.child());
    assertEquals(10, m.operations());
    assertEquals(40_960, m.bytes());
    assertEquals(2_001_000_000L, m.nanos());
    assertEquals(4.998, m.operationsPerSecond(), 0.001);
    assertEquals(10, m.latencies().getTotalCount());
    assertEquals(51_456, m.nanosAt(50), 51_456 / 100.0);
    assertEquals(199_680, m.nanosAt(100), 199_680 / 100.0);
    assertEquals(320_000_000, child.userNanos(), 1);
    assertEquals(730_000_000, child.nanos(), 1);
  }

  @ParameterizedTest
  @CsvSource({
    "'\"error\" : 0', '\"error\" : 5', 'fio: expected no error, found error 5'",
    "'\"short_ios\" : 0', '\"short_ios\" : 3', 'fio: expected no short_ios, found 3'",
    "'\"total_ios\" : 10', '\"total_ios\" : 0',"
        + " 'fio: expected at least one operation, found 0'",
    "'\"51456\" : 8', '\"51456\" : 7',"
        + " 'fio: expected latencies of 10 operations, found 9'",
    "'\"runtime\" : 2001,', '', 'fio''s report has no number runtime'"
  })
  void reportThatIsNotToBeBelievedIsRefused(String present, String instead, String message) {
    String report = REPORT.replaceFirst(present, instead == null ? "" : instead);
    IOException e = assertThrows(IOException.class, () -> FioReport.parse(report, false));
    assertEquals(message, e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"fio: no such engine", "{\"jobs\": []}", "{", "{\"jobs\": 3}"})
  void whatIsNoReportIsRefused(String text) {
    assertThrows(IOException.class, () -> FioReport.parse(text, false));
  }

  @Test
  void jobThatDidNothingIsRefused() {
    assertThrows(IOException.class, () -> FioReport.parse(REPORT, true));
  }
}
