package dev.iobus.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// Reads a counter at even intervals while a run lasts, on a thread of its own, and makes a
/// [Series] of it. Runs whose length is not known begin with short intervals, which are merged
/// when there are too many. Confined to the thread that starts it.
final class RateSampler {

  private static final long FIRST_INTERVAL_NANOS = 100_000_000L;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final int SHORT_INTERVALS_MAX = 100;
  private static final int MERGED = (int) (SECOND_NANOS / FIRST_INTERVAL_NANOS);

  private final LongSupplier counter;
  private final Thread thread;
  private final List<Double> rates = new ArrayList<>();
  private long intervalNanos = FIRST_INTERVAL_NANOS;

  private RateSampler(LongSupplier counter) {
    this.counter = counter;
    this.thread = Thread.ofPlatform().name("rate-sampler").daemon().unstarted(this::sample);
  }

  static RateSampler start(LongSupplier counter) {
    RateSampler sampler = new RateSampler(counter);
    sampler.thread.start();
    return sampler;
  }

  private void sample() {
    long lastAt = System.nanoTime();
    long last = counter.getAsLong();
    try {
      while (true) {
        long due = lastAt + intervalNanos;
        Thread.sleep(Math.max(1, (due - System.nanoTime()) / 1_000_000));
        long now = System.nanoTime();
        if (now - due < 0) {
          continue;
        }
        long count = counter.getAsLong();
        rates.add((count - last) * 1e9 / (now - lastAt));
        last = count;
        lastAt = now;
        mergeIfMany();
      }
    } catch (InterruptedException ended) {
      // The run is over; the interval that had begun is dropped.
    }
  }

  /// After ten seconds one number a second is enough.
  private void mergeIfMany() {
    if (intervalNanos == FIRST_INTERVAL_NANOS && rates.size() == SHORT_INTERVALS_MAX) {
      List<Double> merged = new ArrayList<>();
      for (int i = 0; i < rates.size(); i += MERGED) {
        merged.add(
            rates.subList(i, i + MERGED).stream().mapToDouble(rate -> rate).average().orElse(0));
      }
      rates.clear();
      rates.addAll(merged);
      intervalNanos = SECOND_NANOS;
    }
  }

  /// Ends sampling.
  void stop() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  /// What was sampled; after [#stop()].
  Series series() {
    return new Series(intervalNanos, rates);
  }
}
