package dev.iobus.bench.torture;

import dev.iobus.sim.Counterexample;
import dev.iobus.sim.Scenario;
import dev.iobus.sim.Shrinker;
import dev.iobus.sim.SimTally;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Runs a scenario with seeds one after the other, on several threads, until one fails, the seeds or
/// the time are over.
///
/// Thread-safe.
final class Torture {

  private final Scenario<?> scenario;
  private final long end;
  private final long deadlineNanos;
  private final int shrinkRuns;

  private final SimTally tally = new SimTally();
  private final AtomicLong next;
  private final AtomicLong done = new AtomicLong();
  private final AtomicReference<@Nullable Long> failed = new AtomicReference<>();

  /// @param first the first seed
  /// @param count how many seeds; [Long#MAX_VALUE] when the time decides
  /// @param nanos for how long no further seed is begun after now; [Long#MAX_VALUE] for no limit
  /// @param shrinkRuns how many runs it may take to find the least that fails
  Torture(Scenario<?> scenario, long first, long count, long nanos, int shrinkRuns) {
    this.scenario = scenario;
    this.shrinkRuns = shrinkRuns;
    next = new AtomicLong(first);
    end = count > Long.MAX_VALUE - first ? Long.MAX_VALUE : first + count;
    long now = System.nanoTime();
    deadlineNanos = nanos == Long.MAX_VALUE ? Long.MAX_VALUE : now + nanos;
  }

  SimTally tally() {
    return tally;
  }

  /// Seeds that were run.
  long done() {
    return done.get();
  }

  /// Runs to the end.
  ///
  /// @return the least that fails of a seed that does, or null when all is well
  @Nullable Counterexample<?> run(int threads) throws InterruptedException {
    List<Thread> runners = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      runners.add(Thread.ofPlatform().name("torture-" + i).start(this::runSeeds));
    }
    for (Thread runner : runners) {
      runner.join();
    }
    Long seed = failed.get();
    return seed == null ? null : Shrinker.shrink(scenario, seed, shrinkRuns);
  }

  private void runSeeds() {
    while (failed.get() == null && isInTime()) {
      long seed = next.getAndIncrement();
      if (seed >= end) {
        return;
      }
      Throwable failure = Shrinker.failure(scenario, seed, tally);
      done.incrementAndGet();
      if (failure != null) {
        failed.compareAndSet(null, seed);
      }
    }
  }

  private boolean isInTime() {
    return deadlineNanos == Long.MAX_VALUE || System.nanoTime() - deadlineNanos < 0;
  }
}
