package dev.iobus.bench.kv;

import dev.iobus.bench.host.MemoryCgroup;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.Subjects;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Runs cells, each in a JVM of its own, with memory for the store, a heap, and nothing else.
/// Confined to one thread.
final class CellProcess {

  /// For the records, the histories and the histograms of the harness, and the garbage of both.
  private static final long HEAP_BYTES = 256L << 20;

  /// For code, classes, threads and the collector, beside heap and store.
  private static final long JVM_BYTES = 192L << 20;

  private static final long TIME_LIMIT_MINUTES = 30;
  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  private final Path scratch;
  private final boolean bounded;
  private final @Nullable String tracer;
  private int started;

  /// @param scratch a directory for what goes to and comes from the processes
  /// @param bounded whether to put them into a memory control group where that is permitted
  /// @param tracer a file for the system calls that make data durable, counted by strace(1); null for
  ///     no tracing
  CellProcess(Path scratch, boolean bounded, @Nullable String tracer) {
    this.scratch = scratch;
    this.bounded = bounded;
    this.tracer = tracer;
  }

  /// What one cell gave.
  ///
  /// @param run the numbers; null for a cell that only prepares
  /// @param detail what the subject says of itself
  record Outcome(@Nullable Run run, String detail) {}

  /// How the memory of a cell is bounded, for the report.
  static String describeBound(boolean bounded) {
    if (!bounded) {
      return "not bounded";
    }
    try (MemoryCgroup probe = MemoryCgroup.create(HEAP_BYTES)) {
      return probe == null
          ? "not bounded: this user may make no control group"
          : "bounded by a control group: the row's memory, a heap of "
              + (HEAP_BYTES >> 20)
              + " MiB, and "
              + (JVM_BYTES >> 20)
              + " MiB for the rest of the JVM; the page cache counts";
    }
  }

  /// The options that all JVMs get, for the report.
  static String describeFlags() {
    return "-Xms and -Xmx " + (HEAP_BYTES >> 20) + "m, -XX:+AlwaysPreTouch, G1";
  }

  /// Runs one cell and waits for it.
  ///
  /// @throws CellFailedException when it gave no number that counts; says why
  Outcome run(Cell cell) throws IOException, InterruptedException, CellFailedException {
    Path directory = Files.createDirectory(scratch.resolve("cell-" + started++));
    Path file = directory.resolve("cell.json");
    cell.write(file);
    SubjectProvider provider = Subjects.named(cell.subject());
    long heap = HEAP_BYTES + provider.heapBytes(cell.settings());
    List<String> command = command(provider, heap, file, directory);
    long bound = HEAP_BYTES + JVM_BYTES + cell.row().memoryBytes();
    try (MemoryCgroup group = bounded ? MemoryCgroup.create(bound) : null) {
      Path output = directory.resolve("output");
      int status = start(group == null ? command : group.enter(command), output);
      if (status != 0) {
        throw new CellFailedException(
            title(cell) + " ended with status " + status + reason(group, bound) + said(output));
      }
      return outcome(cell, ResultFiles.read(directory), group, output);
    }
  }

  private List<String> command(
      SubjectProvider provider, long heapBytes, Path file, Path directory) {
    List<String> command = new ArrayList<>();
    if (tracer != null) {
      command.addAll(
          List.of(
              "strace", "-f", "-qq", "-c", "-o", tracer + "." + started,
              "-e", "trace=fsync,fdatasync,sync_file_range,msync,pwritev2,io_uring_enter"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xms" + (heapBytes >> 20) + "m");
    command.add("-Xmx" + (heapBytes >> 20) + "m");
    command.add("-XX:+AlwaysPreTouch");
    command.add("-XX:+UseG1GC");
    command.add("-XX:-UsePerfData");
    if (classPathIsJars()) {
      // Half a second less for each process. Classes only: no profile of one subject's code.
      command.add("-XX:+AutoCreateSharedArchive");
      command.add("-XX:SharedArchiveFile=" + scratch.resolve("classes.jsa"));
      command.add("-Xshare:auto");
      command.add("-Xlog:cds=off");
      command.add("-Xlog:cds,dynamic=off");
    }
    command.add(NATIVE_ACCESS);
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.addAll(provider.jvmOptions());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CellMain.class.getName());
    command.add(file.toString());
    command.add(directory.toString());
    return command;
  }

  /// An archive of classes can be made of jars alone.
  private static boolean classPathIsJars() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .allMatch(place -> place.endsWith(".jar"));
  }

  private static int start(List<String> command, Path output)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    Thread end = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(end);
    try {
      if (!process.waitFor(TIME_LIMIT_MINUTES, TimeUnit.MINUTES)) {
        throw new IOException("a cell ran for more than " + TIME_LIMIT_MINUTES + " minutes");
      }
      return process.exitValue();
    } finally {
      process.destroyForcibly().waitFor();
      Runtime.getRuntime().removeShutdownHook(end);
    }
  }

  private static String reason(@Nullable MemoryCgroup group, long bound) {
    return group != null && group.hasKilled()
        ? ": killed by the kernel for more than " + (bound >> 20) + " MiB"
        : "";
  }

  private static String said(Path output) throws IOException {
    String text = Files.readString(output, StandardCharsets.UTF_8).strip();
    return text.isEmpty() ? "" : "; it said: " + text;
  }

  private static Outcome outcome(
      Cell cell, Result result, @Nullable MemoryCgroup group, Path output)
      throws CellFailedException, IOException {
    if (!result.passed()) {
      throw new CellFailedException(title(cell) + ": " + result.failure() + said(output));
    }
    String detail = result.facts().getOrDefault("detail", "");
    if (result.runs().isEmpty()) {
      return new Outcome(null, detail);
    }
    double peak = group == null ? Double.NaN : group.peakBytes();
    return new Outcome(result.runs().getFirst().with(Metric.GROUP_PEAK, peak), detail);
  }

  private static String title(Cell cell) {
    return cell.subject() + ", " + cell.row().label();
  }
}
