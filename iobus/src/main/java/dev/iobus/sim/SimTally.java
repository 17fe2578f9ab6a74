package dev.iobus.sim;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// What simulations have done, counted over many of them. Thread-safe.
public final class SimTally {

  private final LongAdder simulations = new LongAdder();
  private final LongAdder crashes = new LongAdder();
  private final LongAdder faults = new LongAdder();
  private final LongAdder operations = new LongAdder();
  private final LongAdder switches = new LongAdder();
  private final Map<SimDevice, Times> times = new EnumMap<>(SimDevice.class);

  /// Of the hosts with one kind of disk.
  private static final class Times {
    private final LongAdder virtualNanos = new LongAdder();
    private final LongAdder realNanos = new LongAdder();
  }

  /// Nothing yet.
  public SimTally() {
    for (SimDevice device : SimDevice.values()) {
      times.put(device, new Times());
    }
  }

  /// Counts a simulation that has ended, of which nothing was counted before.
  public void add(SimScheduler scheduler) {
    simulations.increment();
    faults.add(scheduler.faults().struck());
    operations.add(scheduler.operations());
    switches.add(scheduler.switches());
    Times own = of(scheduler.device());
    own.virtualNanos.add(scheduler.elapsedNanos());
    own.realNanos.add(scheduler.realNanos());
  }

  private Times of(SimDevice device) {
    return Objects.requireNonNull(times.get(device), "there is one for each");
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
    return times.values().stream().mapToLong(own -> own.virtualNanos.sum()).sum();
  }

  /// Real time that it took to run the hosts, summed over them: those that ran at one time count each.
  public long realNanos() {
    return times.values().stream().mapToLong(own -> own.realNanos.sum()).sum();
  }

  /// How much faster than in real time the hosts with such a disk have lived; 0 when there was none.
  public double ratio(SimDevice device) {
    Times own = of(device);
    long real = own.realNanos.sum();
    return real == 0 ? 0 : (double) own.virtualNanos.sum() / real;
  }

  /// As [#ratio(SimDevice)], of all hosts.
  public double ratio() {
    long real = realNanos();
    return real == 0 ? 0 : (double) virtualNanos() / real;
  }

  /// Virtual time and how it relates to real time, in all and for each kind of disk.
  public String times() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%,.1f s of virtual time, %,.0f times as fast as real time",
            virtualNanos() / 1e9,
            ratio()));
    String before = " (";
    for (SimDevice device : SimDevice.values()) {
      if (of(device).realNanos.sum() > 0) {
        text.append(String.format(Locale.ROOT, "%s%s %,.0f", before, device, ratio(device)));
        before = ", ";
      }
    }
    return before.equals(", ") ? text.append(')').toString() : text.toString();
  }

  /// All of it, in one line.
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%,d hosts, %,d injected errors, %,d operations, %,d switches, %s",
        simulations(),
        faults(),
        operations(),
        switches(),
        times());
  }
}
