package dev.iobus.bench.host;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;

/// The most memory that this process has had since the last [#reset()].
public final class PeakMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");
  private static final String RESET_PEAK = "5";

  private PeakMemory() {}

  /// Forgets all peaks so far. Where the kernel refuses, the peak stays that of the whole process.
  public static void reset() {
    try {
      Files.writeString(CLEAR, RESET_PEAK);
    } catch (IOException notAllowed) {
      // The number is then an upper bound.
    }
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      pool.resetPeakUsage();
    }
  }

  /// Resident bytes of all kinds, pages of mapped files included; NaN where not known.
  public static double residentBytes() {
    return ProcFile.valueOf(STATUS, "VmHWM") * 1024;
  }

  /// Bytes of the Java heap in use, each pool at its own peak.
  public static double heapBytes() {
    double sum = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.HEAP) {
        sum += pool.getPeakUsage().getUsed();
      }
    }
    return sum;
  }
}
