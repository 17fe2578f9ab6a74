package dev.iobus.bench.measure;

/// Takes the time of one step after the other. Confined to its worker.
public final class Stopwatch {

  private final Latencies latencies = new Latencies();
  private long startedAt;
  private boolean running;

  /// Begins a step; returns the clock's time.
  long start() {
    running = true;
    startedAt = System.nanoTime();
    return startedAt;
  }

  /// Ends the measured part of the step; what follows in it, such as a check, is not counted.
  public void stop() {
    latencies.record(System.nanoTime() - startedAt);
    running = false;
  }

  /// Ends a step that did not stop the watch itself.
  void finish() {
    if (running) {
      stop();
    }
  }

  Latencies latencies() {
    return latencies;
  }
}
