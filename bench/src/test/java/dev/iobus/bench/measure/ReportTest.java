package dev.iobus.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.TypeConversionException;

final class ReportTest {

  @TempDir private Path directory;

  @Test
  void whatWasNotMeasuredIsNotANumber() throws Exception {
    Report report = new Report("test");
    report.add(
        new Row("gets", 10, 0, 1_000_000_000, Double.NaN, Double.NaN, Double.NaN, Double.NaN));
    Path file = directory.resolve("result.json");
    report.write(file);
    Map<String, Object> document = JSON.std.mapFrom(Files.readString(file));
    Map<?, ?> row = (Map<?, ?>) ((List<?>) document.get("rows")).getFirst();
    assertNull(row.get("p50Nanos"));
    assertEquals(10.0, row.get("operationsPerSecond"));
    assertTrue(printed(report).lines().anyMatch(line -> line.matches("gets +10 +10( +-){5}")));
  }

  @Test
  void failureIsInBothForms() throws Exception {
    Report report = new Report("test");
    report.fail("wrong answer: key 7");
    Path file = directory.resolve("result.json");
    report.write(file);
    Map<String, Object> document = JSON.std.mapFrom(Files.readString(file));
    assertEquals(false, document.get("passed"));
    assertTrue(printed(report).contains("FAILED: wrong answer: key 7"));
  }

  @Test
  void sizesAreRead() {
    ByteSize size = new ByteSize();
    assertEquals(0, size.convert("0"));
    assertEquals(4_096, size.convert("4k"));
    assertEquals(64L << 20, size.convert("64M"));
    assertEquals(2L << 30, size.convert("2g"));
    for (String wrong : List.of("", "m", "-1", "1.5g", "9999999999g", "64mb")) {
      assertThrows(TypeConversionException.class, () -> size.convert(wrong), wrong);
    }
  }

  @Test
  void spreadHasTheMedian() {
    assertEquals(new Spread(1, 2, 9), Spread.of(9, 1, 2));
    assertEquals(new Spread(1, 2.5, 9), Spread.of(9, 1, 2, 3));
  }

  private static String printed(Report report) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    report.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
