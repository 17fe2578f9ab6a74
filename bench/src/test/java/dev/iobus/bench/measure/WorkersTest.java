package dev.iobus.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class WorkersTest {

  @ParameterizedTest
  @EnumSource(Workers.Kind.class)
  void everyStepIsDoneOnce(Workers.Kind kind) throws Exception {
    AtomicIntegerArray done = new AtomicIntegerArray(1_003);
    Workers workers = new Workers(kind, 7, Progress.none());
    Measurement m =
        workers.runAll(
            "steps",
            1_003,
            (index, stopwatch) -> {
              done.incrementAndGet((int) index);
              return 2;
            });
    assertEquals(1_003, m.operations());
    assertEquals(2_006, m.bytes());
    assertEquals(1_003, m.latencies().count());
    for (int i = 0; i < done.length(); i++) {
      assertEquals(1, done.get(i));
    }
  }

  @Test
  void timeEndsARun() throws Exception {
    Workers workers = new Workers(Workers.Kind.PLATFORM, 2, Progress.none());
    Measurement m =
        workers.runFor(
            "sleeps",
            50_000_000,
            (index, stopwatch) -> {
              Thread.sleep(1);
              return 0;
            });
    assertTrue(m.operations() > 1);
    assertTrue(m.nanos() >= 50_000_000);
    assertTrue(m.latencies().nanosAt(50) >= 900_000);
  }

  @Test
  void firstFailureStopsAll() {
    Workers workers = new Workers(Workers.Kind.PLATFORM, 4, Progress.none());
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                workers.runAll(
                    "fails",
                    Long.MAX_VALUE,
                    (index, stopwatch) -> {
                      if (index == 1_000) {
                        throw new IOException("step 1000");
                      }
                      return 0;
                    }));
    assertEquals("step 1000", e.getMessage());
  }

  @Test
  void checkAfterStopIsNotCounted() throws Exception {
    Workers workers = new Workers(Workers.Kind.PLATFORM, 1, Progress.none());
    Measurement m =
        workers.runAll(
            "checks",
            3,
            (index, stopwatch) -> {
              stopwatch.stop();
              Thread.sleep(20);
              return 0;
            });
    assertEquals(3, m.latencies().count());
    assertTrue(m.latencies().nanosAt(100) < 20_000_000);
    assertTrue(m.nanos() >= 60_000_000);
  }
}
