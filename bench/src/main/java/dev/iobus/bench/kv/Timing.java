package dev.iobus.bench.kv;

/// How long and how often. Immutable.
///
/// @param seconds how long a workload lasts that does not end by itself, above 0
/// @param warmUpSeconds how long it runs before that, not measured, from 0 up
/// @param operations at most so many operations; 0 for no bound
/// @param rate operations a second that are begun, whatever the subject does (open loop); 0 for as
///     fast as it can
record Timing(double seconds, double warmUpSeconds, long operations, double rate) {

  Timing {
    require(seconds > 0, "seconds " + seconds + " is not above 0");
    require(warmUpSeconds >= 0, "warm-up of " + warmUpSeconds + " seconds is below 0");
    require(operations >= 0, "operation count " + operations + " is below 0");
    require(rate >= 0, "rate " + rate + " is below 0");
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  long nanos() {
    return (long) (seconds * 1e9);
  }

  long warmUpNanos() {
    return (long) (warmUpSeconds * 1e9);
  }
}
