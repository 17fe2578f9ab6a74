package dev.iobus.bench.host;

import java.nio.file.Path;

/// Who had the processors, in clock ticks summed over all of them (proc_stat(5)). Immutable; two
/// of them are subtracted.
///
/// @param total all ticks, idle ones included; NaN where the host does not count
/// @param user ticks in which any process ran its own code
/// @param stolen ticks that the hypervisor gave to other guests
/// @param ownUser ticks in which this process ran its own code
public record HostCpu(double total, double user, double stolen, double ownUser) {

  /// USER_HZ is 100 wherever Linux runs a JVM.
  private static final double NANOS_PER_TICK = 1e7;

  private static final Path STAT = Path.of("/proc/stat");
  private static final Path OWN_STAT = Path.of("/proc/self/stat");
  private static final String ALL_PROCESSORS = "cpu ";

  // Fields of the line "cpu" of proc_stat(5).
  private static final int USER = 0;
  private static final int NICE = 1;
  private static final int STEAL = 7;
  private static final int FIELDS = 8;

  /// `utime` counted from behind the name in parentheses (proc_pid_stat(5), field 14).
  private static final int OWN_USER = 11;

  private static final HostCpu UNKNOWN =
      new HostCpu(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

  /// As of now.
  public static HostCpu now() {
    for (String line : ProcFile.lines(STAT)) {
      if (line.startsWith(ALL_PROCESSORS)) {
        return of(ProcFile.numbers(line.substring(ALL_PROCESSORS.length())), ownUserTicks());
      }
    }
    return UNKNOWN;
  }

  private static HostCpu of(long[] ticks, double ownUser) {
    if (ticks.length < FIELDS) {
      return UNKNOWN;
    }
    // Guests' ticks, which follow, are contained in user's.
    double total = 0;
    for (int i = 0; i < FIELDS; i++) {
      total += ticks[i];
    }
    return new HostCpu(total, ticks[USER] + ticks[NICE], ticks[STEAL], ownUser);
  }

  private static double ownUserTicks() {
    for (String line : ProcFile.lines(OWN_STAT)) {
      String[] fields = line.substring(line.lastIndexOf(')') + 1).strip().split(" ");
      return fields.length > OWN_USER ? Double.parseDouble(fields[OWN_USER]) : Double.NaN;
    }
    return Double.NaN;
  }

  /// Processor time of this process in its own code, in nanoseconds; NaN when not known.
  public double ownUserNanos() {
    return ownUser * NANOS_PER_TICK;
  }

  /// The same, if other processes had so much of their time for us.
  ///
  /// @param userNanos in their own code
  public HostCpu withOurs(double userNanos) {
    return new HostCpu(total, user, stolen, ownUser + userNanos / NANOS_PER_TICK);
  }

  /// What happened since `before`.
  public HostCpu since(HostCpu before) {
    return new HostCpu(
        total - before.total,
        user - before.user,
        stolen - before.stolen,
        ownUser - before.ownUser);
  }

  /// The share of all processors that other processes used for their own code, 0 to 1; NaN when
  /// not known. The kernel's own time is not in it: it works for us too.
  public double othersShare() {
    return total == 0 ? 0 : Math.max(0, user - ownUser) / total;
  }

  /// The share of all processors that the hypervisor took away, 0 to 1; NaN when not known.
  public double stolenShare() {
    return total == 0 ? 0 : stolen / total;
  }
}
