package dev.iobus.bench.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

final class CacheCommandTest {

  private static final int CAPACITY = 256;

  @TempDir private Path directory;

  @Test
  void everyTraceHasARate() {
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new CacheCommand()).setOut(new PrintWriter(out));
    assertEquals(0, line.execute("--frames", "1m", "--uses", "6000"));
    String[] rows = out.toString().split("\n");
    assertEquals(1 + CacheTrace.values().length, rows.length, out.toString());
    int at = 1;
    for (CacheTrace trace : CacheTrace.values()) {
      String row = rows[at++];
      assertTrue(row.startsWith(trace.label()), row);
      double rate = Double.parseDouble(row.substring(trace.label().length()).strip());
      assertTrue(rate > 5 && rate < 100, row);
    }
  }

  /// 256 blocks fit: of 200 that are used again and again only the first uses are misses.
  @Test
  void recordedTracesAreUsed() throws Exception {
    Path plain = directory.resolve("again.trace");
    Files.writeString(
        plain,
        IntStream.range(0, 2000)
            .mapToObj(i -> (i % 200 + 5_000_000_000L) + (i % 300 == 0 ? "\n*\n" : "\n"))
            .collect(Collectors.joining()));
    Path zipped = directory.resolve("zipped.trace.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      Files.copy(plain, out);
    }
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new CacheCommand()).setOut(new PrintWriter(out));
    assertEquals(0, line.execute("--frames", "1m", "--traces", plain + "," + zipped));
    String[] rows = out.toString().split("\n");
    assertEquals(3, rows.length, out.toString());
    assertTrue(rows[1].matches("again +90\\.00"), rows[1]);
    assertTrue(rows[2].matches("zipped +90\\.00"), rows[2]);
  }

  @Test
  void whatIsNoTraceIsRefused() throws Exception {
    Path file = Files.writeString(directory.resolve("none.trace"), "1\n2\nthree\n");
    IOException refusal = assertThrows(IOException.class, () -> TraceFile.read(file));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.endsWith("line 3: expected the number of a block, found 'three'"), message);
    Path empty = Files.writeString(directory.resolve("empty.trace"), "*\n");
    assertThrows(IOException.class, () -> TraceFile.read(empty));
  }

  @Test
  void wrongUseIsRefused() {
    CommandLine line =
        new CommandLine(new CacheCommand()).setErr(new PrintWriter(new StringWriter()));
    assertEquals(2, line.execute("--frames", "100"));
    assertEquals(2, line.execute("--peers", "nobody"));
    assertEquals(2, line.execute("--uses", "1000", "--traces", "any"));
  }

  @ParameterizedTest
  @EnumSource(CacheTrace.class)
  void aTraceIsLongerThanTheCacheAndAlwaysTheSame(CacheTrace trace) {
    LongUnaryOperator blocks = trace.blocks(CAPACITY);
    LongUnaryOperator again = trace.blocks(CAPACITY);
    Set<Long> different = new HashSet<>();
    for (int i = 0; i < 20 * CAPACITY; i++) {
      long block = blocks.applyAsLong(i);
      assertTrue(block >= 0);
      assertEquals(block, again.applyAsLong(i));
      different.add(block);
    }
    assertTrue(different.size() > CAPACITY, different.size() + " blocks");
  }
}
