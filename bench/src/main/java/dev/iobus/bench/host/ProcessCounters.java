package dev.iobus.bench.host;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/// What this process has used since it began. Immutable; two of them are subtracted.
///
/// @param cpuNanos processor time of all threads, the JVM's own and the kernel's workers for it
///     included
/// @param bytesRead fetched from the device for this process (proc_pid_io(5), `read_bytes`); NaN
///     where the kernel does not say
/// @param bytesWritten sent to the device, direct writes when they are made, buffered ones when
///     they dirty a page (`write_bytes`); NaN where the kernel does not say
/// @param gcPauseMillis time in which collectors stopped the application
public record ProcessCounters(
    double cpuNanos, double bytesRead, double bytesWritten, double gcPauseMillis) {

  private static final Path IO = Path.of("/proc/self/io");

  /// As of now.
  public static ProcessCounters now() {
    return new ProcessCounters(
        cpuTime(),
        ProcFile.valueOf(IO, "read_bytes"),
        ProcFile.valueOf(IO, "write_bytes"),
        gcPause());
  }

  /// What was used since `before`.
  public ProcessCounters since(ProcessCounters before) {
    return new ProcessCounters(
        cpuNanos - before.cpuNanos,
        bytesRead - before.bytesRead,
        bytesWritten - before.bytesWritten,
        gcPauseMillis - before.gcPauseMillis);
  }

  private static double cpuTime() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : Double.NaN;
  }

  /// Concurrent phases are counted as processor time, not as pauses.
  private static double gcPause() {
    double sum = 0;
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (!collector.getName().contains("Concurrent")) {
        sum += collector.getCollectionTime();
      }
    }
    return sum;
  }
}
