package dev.iobus.bench.measure;

/// Takes the time of one step after the other. Confined to its worker.
public final class Stopwatch {

  private final Latencies latencies = new Latencies();
  private long startedAt;
  private boolean running;
  private long operations;

  /// Begins a step at the time `at`, on the clock of [System#nanoTime()].
  void start(long at) {
    running = true;
    operations = 1;
    startedAt = at;
  }

  /// Ends the measured part of the step; what follows in it, such as a check, is not counted.
  public void stop() {
    latencies.record(System.nanoTime() - startedAt);
    running = false;
  }

  /// Says that the step does `count` operations; one when nothing is said.
  public void count(long count) {
    operations = count;
  }

  /// Ends a step that did not stop the watch itself; returns how many operations it did.
  long finish() {
    if (running) {
      stop();
    }
    return operations;
  }

  Latencies latencies() {
    return latencies;
  }
}
