package dev.iobus.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Threads that repeat one step until a number of steps is done or a time is over.
///
/// Worker `w` of `n` does the steps `w, w + n, w + 2n, …`, so that workers share no counter and
/// every step is done exactly once. All start together. Thread-safe.
public final class Workers {

  /// One operation of a phase.
  @FunctionalInterface
  public interface Step {

    /// Does operation `index` and returns the bytes of user data that it moved. What must not
    /// count as latency, such as the check of a value, goes to `stopwatch`'s outside: the step
    /// calls [Stopwatch#stop] when the measured part is over.
    long run(long index, Stopwatch stopwatch) throws Exception;
  }

  /// Whether the steps run on threads of the operating system or on virtual ones.
  public enum Kind {
    PLATFORM,
    VIRTUAL
  }

  /// Longer than any run, and short enough to be added to the clock's time.
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;

  private final Kind kind;
  private final int count;
  private final Progress progress;

  /// @param count threads, at least 1
  public Workers(Kind kind, int count, Progress progress) {
    if (count < 1) {
      throw new IllegalArgumentException("worker count " + count + " is below 1");
    }
    this.kind = kind;
    this.count = count;
    this.progress = progress;
  }

  /// Does the steps 0 to `steps` − 1 once each.
  ///
  /// @throws Exception what the first failing step threw; the others were stopped
  public Measurement runAll(String phase, long steps, Step step) throws Exception {
    return run(phase, steps, FOREVER_NANOS, step);
  }

  /// Does steps until `nanos` have passed. Steps that began in time are finished and counted.
  ///
  /// @throws Exception what the first failing step threw; the others were stopped
  public Measurement runFor(String phase, long nanos, Step step) throws Exception {
    return run(phase, Long.MAX_VALUE, nanos, step);
  }

  private Measurement run(String phase, long steps, long nanos, Step step) throws Exception {
    Shared shared = new Shared(count, steps, step);
    List<Worker> workers = new ArrayList<>(count);
    List<Thread> threads = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Worker worker = new Worker(i, shared);
      workers.add(worker);
      threads.add(start(phase, i, worker));
    }
    shared.ready.await();
    long from = System.nanoTime();
    shared.deadline = from + nanos;
    shared.go.countDown();
    try (Progress.Phase _ = progress.begin(phase, steps, () -> done(workers))) {
      for (Thread thread : threads) {
        thread.join();
      }
    }
    long elapsed = System.nanoTime() - from;
    rethrow(shared.failure.get());
    return sum(workers, elapsed);
  }

  private Thread start(String phase, int index, Runnable worker) {
    String name = phase + " " + index;
    return switch (kind) {
      case PLATFORM -> Thread.ofPlatform().name(name).daemon().start(worker);
      case VIRTUAL -> Thread.ofVirtual().name(name).start(worker);
    };
  }

  private static long done(List<Worker> workers) {
    long sum = 0;
    for (Worker worker : workers) {
      sum += worker.done.getOpaque();
    }
    return sum;
  }

  private static Measurement sum(List<Worker> workers, long elapsed) {
    Latencies latencies = new Latencies();
    long bytes = 0;
    for (Worker worker : workers) {
      latencies.add(worker.stopwatch.latencies());
      bytes += worker.bytes;
    }
    return new Measurement(done(workers), bytes, Math.max(1, elapsed), latencies);
  }

  private static void rethrow(@Nullable Throwable failure) throws Exception {
    switch (failure) {
      case null -> {}
      case Exception e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(failure);
    }
  }

  /// What the workers of one run have in common.
  private static final class Shared {

    private final int stride;
    private final long steps;
    private final Step step;
    private final CountDownLatch ready;
    private final CountDownLatch go = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /// On the clock of System.nanoTime. One for all, set before `go`: a worker that gets its first turn late must not work
    /// longer for it.
    private long deadline;

    Shared(int stride, long steps, Step step) {
      this.stride = stride;
      this.steps = steps;
      this.step = step;
      this.ready = new CountDownLatch(stride);
    }
  }

  private static final class Worker implements Runnable {

    private final int first;
    private final Shared shared;
    private final AtomicLong done = new AtomicLong();
    private final Stopwatch stopwatch = new Stopwatch();
    private long bytes;

    Worker(int first, Shared shared) {
      this.first = first;
      this.shared = shared;
    }

    @Override
    public void run() {
      try {
        shared.ready.countDown();
        shared.go.await();
        repeat();
      } catch (Throwable t) {
        shared.failure.compareAndSet(null, t);
      }
    }

    private void repeat() throws Exception {
      long i = first;
      while (i < shared.steps && shared.failure.getOpaque() == null) {
        if (stopwatch.start() - shared.deadline >= 0) {
          return;
        }
        bytes += shared.step.run(i, stopwatch);
        stopwatch.finish();
        done.setOpaque(done.getPlain() + 1);
        i += shared.stride;
      }
    }
  }
}
