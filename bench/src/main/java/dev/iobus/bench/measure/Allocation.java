package dev.iobus.bench.measure;

import java.lang.management.ManagementFactory;

/// Bytes of heap that threads have asked for since they began. Two readings are subtracted.
/// Thread-safe.
public final class Allocation {

  private Allocation() {}

  /// Of all threads, ended ones too; what virtual threads ask for counts for their carriers. NaN
  /// where the JVM does not count.
  public static double bytes() {
    return ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads
            && threads.isThreadAllocatedMemorySupported()
            && threads.isThreadAllocatedMemoryEnabled()
        ? threads.getTotalThreadAllocatedBytes()
        : Double.NaN;
  }
}
