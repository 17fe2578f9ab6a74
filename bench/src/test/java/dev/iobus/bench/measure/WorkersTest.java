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
    assertEquals(1_003, m.latencies().getTotalCount());
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
    assertTrue(m.nanosAt(50) >= 900_000);
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
    assertEquals(3, m.latencies().getTotalCount());
    assertTrue(m.nanosAt(100) < 20_000_000);
    assertTrue(m.nanos() >= 60_000_000);
  }

  /// One step stalls. In a closed loop that is one slow step; users who come at their own rate all
  /// wait, and an open loop must say so.
  @Test
  void stallIsSeenByAllWhoWaitForIt() throws Exception {
    Workers.Step stalls =
        (index, stopwatch) -> {
          if (index == 100) {
            Thread.sleep(400);
          }
          return 0;
        };
    long second = 1_000_000_000;
    Workers closed = new Workers(Workers.Kind.PLATFORM, 1, Progress.none());
    Measurement alone = closed.runFor("closed", second, stalls);
    assertTrue(alone.nanosAt(99) < 10_000_000, "p99 " + alone.nanosAt(99));

    Workers open =
        new Workers(Workers.Kind.PLATFORM, 1, new Pace(1_000), Progress.none());
    Measurement together = open.runFor("open", second, stalls);
    // About 400 of 1,000 steps were due in the stall; they waited 200 ms in the mean.
    assertEquals(1_000.0, (double) together.operations(), 1);
    assertTrue(together.nanosAt(99) > 300_000_000, "p99 " + together.nanosAt(99));
    assertTrue(together.nanosAt(80) > 100_000_000, "p80 " + together.nanosAt(80));
    assertTrue(together.nanosAt(50) < 100_000_000, "p50 " + together.nanosAt(50));
  }

  @Test
  void rateIsHeldByAllWorkersTogether() throws Exception {
    Workers open = new Workers(Workers.Kind.VIRTUAL, 8, new Pace(500), Progress.none());
    Measurement m = open.runFor("paced", 1_000_000_000, (index, stopwatch) -> 1);
    assertEquals(500.0, (double) m.operations(), 1);
    assertTrue(m.nanos() >= 990_000_000, "ended after " + m.nanos());
  }

  @Test
  void seriesFollowsTheRate() throws Exception {
    Workers workers = new Workers(Workers.Kind.PLATFORM, 1, new Pace(200), Progress.none());
    Measurement m = workers.runFor("sampled", 1_000_000_000, (index, stopwatch) -> 1);
    assertEquals(100_000_000, m.series().intervalNanos());
    assertTrue(m.series().rates().size() >= 5, m.series().toString());
    double mean = m.series().rates().stream().mapToDouble(rate -> rate).average().orElse(0);
    assertEquals(200, mean, 60);
  }

  @Test
  void stepOfManyOperationsCountsThem() throws Exception {
    Workers workers = new Workers(Workers.Kind.PLATFORM, 2, Progress.none());
    Measurement m =
        workers.runAll(
            "batches",
            10,
            (index, stopwatch) -> {
              stopwatch.count(32);
              return 1;
            });
    assertEquals(320, m.operations());
    assertEquals(10, m.latencies().getTotalCount());
  }
}
