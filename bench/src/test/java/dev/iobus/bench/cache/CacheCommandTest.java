package dev.iobus.bench.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

final class CacheCommandTest {

  private static final int CAPACITY = 256;

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

  @Test
  void wrongUseIsRefused() {
    CommandLine line =
        new CommandLine(new CacheCommand()).setErr(new PrintWriter(new StringWriter()));
    assertEquals(2, line.execute("--frames", "100"));
    assertEquals(2, line.execute("--peers", "nobody"));
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
