package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Series;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/// Makes a [Series] from what a loop tells on its way. Confined to one thread.
final class RateLog {

  private static final long INTERVAL_NANOS = 100_000_000L;

  /// Of a minute; more make it grow. Numbers that were not boxed leave the heap alone, which is
  /// measured meanwhile.
  private static final int FIRST_COUNT = 600;

  private double[] rates = new double[FIRST_COUNT];
  private int count;
  private long lastAt;
  private long last;

  /// @param from when the run began, on the clock of [System#nanoTime()]
  RateLog(long from) {
    lastAt = from;
  }

  /// Says how many operations have ended by `now`.
  void tell(long now, long operations) {
    if (now - lastAt >= INTERVAL_NANOS) {
      if (count == rates.length) {
        rates = Arrays.copyOf(rates, 2 * count);
      }
      rates[count++] = (operations - last) * 1e9 / (now - lastAt);
      lastAt = now;
      last = operations;
    }
  }

  Series series() {
    return new Series(INTERVAL_NANOS, DoubleStream.of(rates).limit(count).boxed().toList());
  }
}
