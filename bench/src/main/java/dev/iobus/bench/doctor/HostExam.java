package dev.iobus.bench.doctor;

import dev.iobus.Bus;
import dev.iobus.bench.host.MemoryCgroup;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The JVM, the kernel, the processors and the memory.
final class HostExam {

  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final String LOCKED = "Max locked memory";
  private static final String TOTAL = "MemTotal:";
  private static final long TRIAL_BYTES = 64L << 20;

  private HostExam() {}

  static void examine(Diagnosis diagnosis) {
    diagnosis.fact(
        "JDK",
        Runtime.version() + ", " + property("java.vendor") + ", " + property("java.vm.name"));
    boolean granted = Bus.class.getModule().isNativeAccessEnabled();
    diagnosis.fact("native access", granted ? "granted" : "not granted");
    if (!granted) {
      diagnosis.warn(
          "no native access, so no io_uring and no native LZ4: start java with"
              + " --enable-native-access=ALL-UNNAMED, or with dev.iobus,org.lz4.java for modules");
    }
    diagnosis.fact(
        "kernel", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
    diagnosis.fact("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    memory(diagnosis);
    String locked = lockedMemory(lines(LIMITS));
    diagnosis.fact("locked memory", locked == null ? "not told by this host" : locked);
    cgroup(diagnosis);
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }

  private static void memory(Diagnosis diagnosis) {
    long total = totalMemory(lines(MEMORY));
    // The JVM's own number is that of the control group where one has a limit.
    long visible =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    long machine = total == 0 ? visible : total;
    diagnosis.fact(
        "memory",
        mebibytes(machine) + ", heap up to " + mebibytes(Runtime.getRuntime().maxMemory()));
    diagnosis.fact(
        "memory limit", visible < machine ? mebibytes(visible) + ", of the control group" : "none");
  }

  private static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB";
  }

  private static void cgroup(Diagnosis diagnosis) {
    try (MemoryCgroup group = MemoryCgroup.create(TRIAL_BYTES)) {
      diagnosis.fact(
          "memory cgroups",
          group == null
              ? "not permitted"
              : "permitted: peers that live on the page cache can be bounded");
      if (group == null) {
        diagnosis.warn(
            "no memory cgroup may be made, so the page cache of peers cannot be bounded: run as"
                + " root, or under systemd-run --user --scope -p Delegate=yes");
      }
    }
  }

  /// The limit on locked memory out of `/proc/self/limits`; null when it is not there.
  static @Nullable String lockedMemory(List<String> limits) {
    for (String line : limits) {
      if (line.startsWith(LOCKED)) {
        String[] words = line.substring(LOCKED.length()).strip().split("\\s+");
        return words.length < 2
            ? null
            : "limit " + words[0] + ", can be raised to " + words[1] + " (bytes)";
      }
    }
    return null;
  }

  /// The bytes of memory out of `/proc/meminfo`; 0 when they are not there.
  static long totalMemory(List<String> info) {
    for (String line : info) {
      if (line.startsWith(TOTAL)) {
        return Long.parseLong(line.substring(TOTAL.length()).strip().split("\\s+")[0]) << 10;
      }
    }
    return 0;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException notLinux) {
      return List.of();
    }
  }
}
