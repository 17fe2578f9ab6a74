package dev.iobus.sim;

import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;

/// What simulations have done, counted over many of them. Thread-safe.
public final class SimTally {

  private final LongAdder simulations = new LongAdder();
  private final LongAdder crashes = new LongAdder();
  private final LongAdder faults = new LongAdder();
  private final LongAdder operations = new LongAdder();
  private final LongAdder switches = new LongAdder();
  private final LongAdder virtualNanos = new LongAdder();

  /// Nothing yet.
  public SimTally() {}

  /// Counts a simulation that has ended, of which nothing was counted before.
  public void add(SimScheduler scheduler) {
    simulations.increment();
    faults.add(scheduler.faults().struck());
    operations.add(scheduler.operations());
    switches.add(scheduler.switches());
    virtualNanos.add(scheduler.elapsedNanos());
  }

  /// Counts a loss of power or the death of a process whose rest was looked at.
  public void addCrash() {
    crashes.increment();
  }

  /// Hosts that were simulated.
  public long simulations() {
    return simulations.sum();
  }

  /// Losses of power, and deaths of a process.
  public long crashes() {
    return crashes.sum();
  }

  /// How often something has gone wrong by order of [Faults].
  public long faults() {
    return faults.sum();
  }

  /// Operations on disks.
  public long operations() {
    return operations.sum();
  }

  /// How often a seed has decided who runs.
  public long switches() {
    return switches.sum();
  }

  /// Virtual time that has passed.
  public long virtualNanos() {
    return virtualNanos.sum();
  }

  /// All of it, in one line.
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%,d hosts, %,d injected errors, %,d operations, %,d switches, %,.1f s of virtual time",
        simulations(),
        faults(),
        operations(),
        switches(),
        virtualNanos() / 1e9);
  }
}
