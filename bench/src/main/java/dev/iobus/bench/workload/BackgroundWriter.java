package dev.iobus.bench.workload;

import org.jspecify.annotations.Nullable;

/// A thread that writes until it is told to stop. Confined to the thread that starts it.
final class BackgroundWriter {

  /// One write.
  @FunctionalInterface
  interface Write {
    void run(long index) throws Exception;
  }

  private final Thread thread;
  private volatile boolean stopping;
  private volatile @Nullable Throwable failure;

  private BackgroundWriter(Write write) {
    this.thread = Thread.ofPlatform().name("writer").daemon().unstarted(() -> repeat(write));
  }

  static BackgroundWriter start(Write write) {
    BackgroundWriter writer = new BackgroundWriter(write);
    writer.thread.start();
    return writer;
  }

  private void repeat(Write write) {
    try {
      // Far from the readers' steps, so that both are not about the same records in turn.
      for (long index = Long.MAX_VALUE / 2; !stopping; index++) {
        write.run(index);
      }
    } catch (Throwable t) {
      failure = t;
    }
  }

  /// Ends the thread.
  ///
  /// @throws Exception what made it end before
  void stop() throws Exception {
    stopping = true;
    thread.join();
    switch (failure) {
      case null -> {}
      case Exception e -> throw e;
      case Error e -> throw e;
      case Throwable t -> throw new AssertionError(t);
    }
  }
}
