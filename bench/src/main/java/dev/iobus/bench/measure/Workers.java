package dev.iobus.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// Threads that repeat one step until a number of steps is done or a time is over.
///
/// Worker `w` of `n` does the steps `w, w + n, w + 2n, …`, so that workers share no counter and
/// every step is done exactly once. All start together. Thread-safe.
public final class Workers {

  /// One operation of a phase.
  @FunctionalInterface
  public interface Step {

    /// Does step `index` and returns the bytes of user data that it moved. What must not count as
    /// latency, such as the check of a value, goes to `stopwatch`'s outside: the step calls
    /// [Stopwatch#stop] when the measured part is over. A step that does several operations tells
    /// [Stopwatch#count].
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
  private final Pace pace;
  private final Progress progress;

  /// Workers that go as fast as they can.
  ///
  /// @param count threads, at least 1
  public Workers(Kind kind, int count, Progress progress) {
    this(kind, count, Pace.CLOSED, progress);
  }

  /// @param count threads, at least 1
  /// @param pace when their steps begin
  public Workers(Kind kind, int count, Pace pace, Progress progress) {
    if (count < 1) {
      throw new IllegalArgumentException("worker count " + count + " is below 1");
    }
    this.kind = kind;
    this.count = count;
    this.pace = pace;
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

  /// Does the steps 0 to `steps` − 1 once each, or as many as begin before `nanos` have passed.
  ///
  /// @throws Exception what the first failing step threw; the others were stopped
  public Measurement run(String phase, long steps, long nanos, Step step) throws Exception {
    Shared shared = new Shared(count, steps, pace, step);
    List<Worker> workers = new ArrayList<>(count);
    List<Thread> threads = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Worker worker = new Worker(i, shared);
      workers.add(worker);
      threads.add(start(phase, i, worker));
    }
    shared.ready.await();
    RateSampler sampler = RateSampler.start(() -> done(workers));
    long elapsed;
    double allocated;
    try (Progress.Phase _ = progress.begin(phase, steps, () -> done(workers))) {
      double allocatedBefore = Allocation.bytes();
      long from = System.nanoTime();
      shared.from = from;
      shared.deadline = from + nanos;
      shared.go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      elapsed = System.nanoTime() - from;
      allocated = Allocation.bytes() - allocatedBefore;
    } finally {
      sampler.stop();
    }
    rethrow(shared.failure.get());
    return sum(workers, elapsed, sampler.series(), allocated);
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

  private static Measurement sum(
      List<Worker> workers, long elapsed, Series series, double allocatedBytes) {
    Histogram latencies = new Latencies().toHistogram();
    long bytes = 0;
    for (Worker worker : workers) {
      worker.stopwatch.latencies().addTo(latencies);
      bytes += worker.bytes;
    }
    return new Measurement(
        done(workers), bytes, Math.max(1, elapsed), latencies, series, allocatedBytes);
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
    private final Pace pace;
    private final Step step;
    private final CountDownLatch ready;
    private final CountDownLatch go = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /// On the clock of System.nanoTime. One for all, set before `go`: a worker that gets its first
    /// turn late must not work longer for it.
    private long from;

    private long deadline;

    Shared(int stride, long steps, Pace pace, Step step) {
      this.stride = stride;
      this.steps = steps;
      this.pace = pace;
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
        long start = startOf(i);
        if (start - shared.deadline >= 0) {
          return;
        }
        stopwatch.start(start);
        bytes += shared.step.run(i, stopwatch);
        done.setOpaque(done.getPlain() + stopwatch.finish());
        i += shared.stride;
      }
    }

    /// The time from which the latency of step `index` counts; the step may begin when it returns.
    private long startOf(long index) {
      if (!shared.pace.isOpenLoop()) {
        return System.nanoTime();
      }
      long intended = shared.pace.intendedStart(shared.from, index);
      Pace.await(Math.min(intended, shared.deadline));
      return intended;
    }
  }
}
