package dev.iobus.bench.kv;

import dev.iobus.bench.command.Threads;
import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.host.MemoryCgroup;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.workload.Workload;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The JVMs that run cells: in each round one for each subject, whose compiler knows the code when
/// it counts, and one for each cell that must be alone. Confined to one thread.
///
/// A cell is alone that makes files, that opens what a crash left (nobody recovers in a warm JVM), or
/// whose system calls are counted.
final class CellProcesses implements AutoCloseable {

  /// For the records, the histories and the histograms of the harness, and the garbage of both.
  private static final long HEAP_BYTES = 256L << 20;

  /// For code, classes, threads and the collector, beside heap and store, until it is known.
  private static final long JVM_BYTES = 192L << 20;

  /// For the stack of a platform thread, and what the C library and NIO keep for it.
  private static final long THREAD_BYTES = 512 << 10;

  /// For a virtual thread, whose transfers NIO makes on more carriers or through buffers of their own.
  private static final long VIRTUAL_THREAD_BYTES = 32 << 10;

  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  // What a JVM does before its first cell counts: little data in less memory.
  private static final int WARM_RECORDS = 200_000;
  private static final long WARM_MEMORY_BYTES = 16L << 20;
  private static final double WARM_SECONDS = 0.8;
  private static final List<Workload> WARM_READS =
      List.of(Workload.READRANDOM, Workload.SEEKRANDOM, Workload.UPDATERANDOM);

  /// Writers that meet in a commit run other code than a lone one, and leave the compiler's threads a
  /// small share of few processors: it needs longer.
  private static final Threads WARM_WRITERS = new Threads(64, Workers.Kind.PLATFORM);

  private static final double WARM_WRITES_SECONDS = 2;

  private final Path scratch;
  private final boolean bounded;
  private final boolean warming;
  private final boolean durable;
  private final @Nullable String tracer;
  private final long memoryBytesMax;
  private final long heapBytes;
  private final Map<String, CellProcess> shared = new LinkedHashMap<>();
  private int started;

  /// @param scratch a directory for what goes to and comes from the processes
  /// @param bounded whether to put them into a memory control group where that is permitted
  /// @param warming whether the JVMs do something else before their first cell
  /// @param tracer a file for the system calls that make data durable, counted by strace(1); null for
  ///     no tracing
  /// @param rows all that will run
  CellProcesses(
      Path scratch,
      boolean bounded,
      boolean warming,
      @Nullable String tracer,
      List<Row> rows) {
    this.scratch = scratch;
    this.bounded = bounded;
    this.warming = warming;
    this.durable = rows.stream().anyMatch(Row::isDurable);
    this.tracer = tracer;
    this.memoryBytesMax = rows.stream().mapToLong(Row::memoryBytes).max().orElseThrow();
    this.heapBytes = heapBytes(rows);
  }

  /// How the memory of a cell is bounded, for the report.
  static String describeBound(boolean bounded) {
    if (!bounded) {
      return "not bounded";
    }
    try (MemoryCgroup probe = MemoryCgroup.create(HEAP_BYTES)) {
      return probe == null
          ? "not bounded: this user may make no control group"
          : "bounded by a control group, in which the page cache counts: what the JVM has before the"
              + " store opens, the row's memory, and "
              + (CellProcess.GROWTH_BYTES >> 20)
              + " MiB for compiled code, and "
              + (THREAD_BYTES >> 10)
              + " KiB for each platform thread or "
              + (VIRTUAL_THREAD_BYTES >> 10)
              + " KiB for each virtual one; a JVM that is not warmed up has its heap, "
              + (JVM_BYTES >> 20)
              + " MiB, and the row's memory";
    }
  }

  /// What each JVM does before its first row, for the report.
  static String describeWarmUp(boolean warming, List<Row> rows) {
    if (!warming) {
      return "none";
    }
    String reads =
        String.format(
            Locale.ROOT,
            "up to %,d records in %d MiB are loaded, then got, sought and updated for %.1f s each",
            WARM_RECORDS,
            WARM_MEMORY_BYTES >> 20,
            WARM_SECONDS);
    return rows.stream().anyMatch(Row::isDurable)
        ? String.format(
            Locale.ROOT,
            "%s, then written durably by %s threads for %.1f s",
            reads,
            WARM_WRITERS.label(),
            WARM_WRITES_SECONDS)
        : reads;
  }

  /// The heap of a JVM without what a store keeps in it.
  private static long heapBytes(List<Row> rows) {
    return HEAP_BYTES
        + rows.stream().mapToLong(row -> row.data().historyBytes()).max().orElseThrow();
  }

  /// The options that all JVMs get, for the report.
  static String describeFlags(List<Row> rows) {
    return "-Xms and -Xmx "
        + (heapBytes(rows) >> 20)
        + "m, -XX:+AlwaysPreTouch, G1; one JVM for all rows of a store and round";
  }

  /// Runs one cell and waits for it.
  ///
  /// @throws CellFailedException when it gave no number that counts; says why
  CellProcess.Outcome run(Cell cell) throws IOException, InterruptedException, CellFailedException {
    Workload workload = cell.row().workload();
    if (workload.prepares() || workload == Workload.OPEN_AFTER_CRASH || tracer != null) {
      // Making a store is not measured, and a B-tree that is filled within a fraction of its size
      // takes many minutes. Its pages are dropped before a bounded process reads them.
      try (CellProcess alone = start(cell, bounded && !workload.prepares())) {
        return alone.run(cell);
      }
    }
    CellProcess process = shared.get(cell.subject());
    if (process == null) {
      process = start(cell, bounded);
      shared.put(cell.subject(), process);
      if (warming) {
        warm(process, cell);
      }
    }
    if (warming) {
      process.bound(
          cell.row().memoryBytes()
              + threadBytes(cell.row().threads())
              + Subjects.named(cell.subject()).extraBytes());
    }
    return process.run(cell);
  }

  private static long threadBytes(Threads threads) {
    return switch (threads.kind()) {
      case PLATFORM -> threads.count() * THREAD_BYTES;
      case VIRTUAL -> threads.count() * VIRTUAL_THREAD_BYTES;
    };
  }

  /// Lets a JVM meet the code of the harness, of its store, of reads that miss the cache, and, where
  /// rows have some, of durable writes.
  private void warm(CellProcess process, Cell cell)
      throws IOException, InterruptedException, CellFailedException {
    Path files = scratch.resolve("warm-up-" + started);
    warm(process, cell, Workload.LOAD, Threads.ONE, WARM_SECONDS, files);
    for (Workload workload : WARM_READS) {
      warm(process, cell, workload, Threads.ONE, WARM_SECONDS, files);
    }
    DiskUse.remove(files);
    if (durable) {
      warm(process, cell, Workload.FILLSYNC, WARM_WRITERS, WARM_WRITES_SECONDS, files);
      DiskUse.remove(files);
    }
  }

  private static void warm(
      CellProcess process,
      Cell cell,
      Workload workload,
      Threads threads,
      double seconds,
      Path files)
      throws IOException, InterruptedException, CellFailedException {
    DataShape shape = cell.row().data();
    DataShape data =
        new DataShape(
            Math.min(shape.count(), WARM_RECORDS),
            shape.keyBytes(),
            shape.valueBytes(),
            shape.compressibility(),
            shape.compression(),
            shape.seed());
    Row row =
        new Row(workload, threads, workload.usualSync(), 1, null, data, WARM_MEMORY_BYTES);
    process.run(
        new Cell(
            row,
            cell.subject(),
            0,
            new Timing(seconds, 0, 0, 0),
            cell.seed(),
            cell.backend(),
            files.toString()));
  }

  private CellProcess start(Cell cell, boolean inGroup) throws IOException {
    SubjectProvider provider = Subjects.named(cell.subject());
    Path directory = Files.createDirectory(scratch.resolve("process-" + started++));
    SubjectSettings widest =
        new SubjectSettings(
            memoryBytesMax,
            cell.row().data().bytes(),
            cell.row().data().compression(),
            cell.row().sync(),
            cell.backend());
    long heapShare = provider.heapBytes(widest);
    MemoryCgroup group =
        inGroup ? MemoryCgroup.create(heapBytes + JVM_BYTES + memoryBytesMax) : null;
    boolean done = false;
    try {
      CellProcess process =
          new CellProcess(command(provider, heapBytes + heapShare), directory, group, heapShare);
      done = true;
      return process;
    } finally {
      if (group != null && !done) {
        group.close();
      }
    }
  }

  private List<String> command(SubjectProvider provider, long heap) {
    List<String> command = new ArrayList<>();
    if (tracer != null) {
      command.addAll(
          List.of(
              "strace", "-f", "-qq", "-c", "-o", tracer + "." + started,
              "-e", "trace=fsync,fdatasync,sync_file_range,msync,pwritev2,io_uring_enter"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xms" + (heap >> 20) + "m");
    command.add("-Xmx" + (heap >> 20) + "m");
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
    return command;
  }

  /// An archive of classes can be made of jars alone.
  private static boolean classPathIsJars() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .allMatch(place -> place.endsWith(".jar"));
  }

  /// Ends the JVMs that are left: the next round has new ones.
  @Override
  public void close() {
    for (CellProcess process : shared.values()) {
      process.close();
    }
    shared.clear();
  }
}
