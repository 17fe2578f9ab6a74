package dev.iobus.bench.host;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a number was measured on. Nothing in it names a person, a machine or a path.
public final class Environment {

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final String COMMIT_PROPERTY = "bench.commit";

  private Environment() {}

  /// Names and values, in the order in which they are printed.
  ///
  /// @param directory where the data lies; its file system is named
  public static Map<String, String> describe(Path directory) throws IOException {
    Map<String, String> facts = new LinkedHashMap<>();
    FileStore store = Files.getFileStore(directory);
    facts.put("file system", store.type());
    facts.put("cores", Runtime.getRuntime().availableProcessors() + ", " + processor());
    facts.put("kernel", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
    facts.put("JDK", Runtime.version() + " " + property("java.vendor") + ", heap "
        + (Runtime.getRuntime().maxMemory() >> 20) + " MiB");
    facts.put("flags", flags());
    facts.put("memory", (memoryBytes() >> 20) + " MiB");
    facts.put("commit", System.getProperty(COMMIT_PROPERTY, "unknown"));
    facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    return facts;
  }

  /// Options of this JVM, without those that hold places or names of this machine.
  private static String flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> !flag.startsWith("-D") && !flag.startsWith("-javaagent"))
        .collect(Collectors.joining(" "));
  }

  private static long memoryBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 0;
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }

  private static String processor() throws IOException {
    if (!Files.isReadable(CPU_INFO)) {
      return "processor unknown";
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("processor unknown");
    }
  }
}
