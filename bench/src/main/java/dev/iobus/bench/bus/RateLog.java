package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Series;
import java.util.ArrayList;
import java.util.List;

/// Makes a [Series] from what a loop tells on its way. Confined to one thread.
final class RateLog {

  private static final long INTERVAL_NANOS = 100_000_000L;

  private final List<Double> rates = new ArrayList<>();
  private long lastAt;
  private long last;

  /// @param from when the run began, on the clock of [System#nanoTime()]
  RateLog(long from) {
    lastAt = from;
  }

  /// Says how many operations have ended by `now`.
  void tell(long now, long operations) {
    if (now - lastAt >= INTERVAL_NANOS) {
      rates.add((operations - last) * 1e9 / (now - lastAt));
      lastAt = now;
      last = operations;
    }
  }

  Series series() {
    return new Series(INTERVAL_NANOS, rates);
  }
}
