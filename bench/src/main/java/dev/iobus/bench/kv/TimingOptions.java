package dev.iobus.bench.kv;

import java.util.Locale;
import picocli.CommandLine.Option;

/// The options that say how long and how often.
final class TimingOptions {

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "0.8",
      description = "How long a workload lasts that does not end by itself (${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "0.3",
      description = "Seconds before that, not measured; 0: none, nor when a JVM begins (${DEFAULT-VALUE}).")
  private double warmUpSeconds;

  @Option(
      names = "--operations",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "End after so many operations, if that is sooner; fills and compact do all of theirs.")
  private long operations;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Begin so many operations a second, whatever the store does (open loop): latency then"
              + " counts from when an operation was due.")
  private double rate;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each workload on each store (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--repeat-noisy",
      paramLabel = "N",
      defaultValue = "10",
      description = "At most so many runs that others disturbed are done again (${DEFAULT-VALUE}).")
  private int repeatsMax;

  int rounds() {
    return rounds;
  }

  int repeatsMax() {
    return repeatsMax;
  }

  /// @throws IllegalArgumentException when a number is out of its range
  Timing toTiming() {
    if (rounds < 1) {
      throw new IllegalArgumentException("--rounds " + rounds + " is below 1");
    }
    if (repeatsMax < 0) {
      throw new IllegalArgumentException("--repeat-noisy " + repeatsMax + " is below 0");
    }
    return new Timing(seconds, warmUpSeconds, operations, rate);
  }

  String describe() {
    return String.format(
        Locale.ROOT,
        "%d rounds of %.1f s after a warm-up of %.1f s%s%s",
        rounds,
        seconds,
        warmUpSeconds,
        operations == 0 ? "" : ", at most " + operations + " operations",
        rate == 0 ? "" : String.format(Locale.ROOT, ", open loop at %,.0f/s", rate));
  }
}
