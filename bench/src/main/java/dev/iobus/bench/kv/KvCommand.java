package dev.iobus.bench.kv;

import dev.iobus.BackendKind;
import dev.iobus.bench.command.BackendNames;
import dev.iobus.bench.command.ByteSize;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.command.OutputOptions;
import dev.iobus.bench.command.ResultsDirectory;
import dev.iobus.bench.command.Threads;
import dev.iobus.bench.host.Environment;
import dev.iobus.bench.host.FlushWitness;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.bench.subject.Sync;
import dev.iobus.bench.workload.Distribution;
import dev.iobus.bench.workload.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the comparison of stores.
@Command(
    name = "kv",
    mixinStandardHelpOptions = true,
    header = "Runs workloads on this store and on its peers, in alternation.",
    description = {
      "",
      "Workloads have the names of db_bench and YCSB; --list explains them. Every answer is",
      "checked. Peers come with the build: mvn -Ppeers -DskipTests package",
      ""
    })
public final class KvCommand implements Callable<Integer> {

  /// Options that say what the rows of `--workloads` are.
  private static final List<String> OF_WORKLOADS =
      List.of("--threads", "--durability", "--distribution", "--nexts");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private OutputOptions output = new OutputOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--list", description = "Explain the workloads, and do nothing else.")
  private boolean list;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "Rows that belong together: ${COMPLETION-CANDIDATES} (standard).")
  private @Nullable Preset preset;

  @Option(
      names = "--workloads",
      split = ",",
      paramLabel = "NAME",
      converter = WorkloadNames.class,
      description = "These workloads instead of a preset; see --list.")
  private List<Workload> workloads = List.of();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Stores to compare with, such as rocksdb,lmdb,mvstore (none).")
  private List<String> peers = List.of();

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      defaultValue = "1",
      converter = Threads.Converter.class,
      description = "With --workloads: threads, such as 1,16,1000v; v: virtual (${DEFAULT-VALUE}).")
  private List<Threads> threads = List.of();

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      description =
          "With --workloads: what writes wait for, ${COMPLETION-CANDIDATES}"
              + " (SYNCED for fillsync, else WRITTEN).")
  private @Nullable Sync sync;

  @Option(
      names = "--distribution",
      paramLabel = "NAME",
      description =
          "With --workloads: how records are chosen, ${COMPLETION-CANDIDATES}"
              + " (what the workload is known for).")
  private @Nullable Distribution distribution;

  @Option(
      names = "--nexts",
      split = ",",
      paramLabel = "N",
      defaultValue = "10",
      description = "With --workloads: entries after each seek of seekrandom (${DEFAULT-VALUE}).")
  private List<Integer> nexts = List.of();

  @Mixin private TimingOptions timing = new TimingOptions();

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      converter = BackendNames.class,
      description = "io_uring, kqueue or nio for this store (the best that this host allows).")
  private @Nullable BackendKind backend;

  @Option(
      names = "--no-cgroup",
      description = "Do not bound the memory of the processes by a control group.")
  private boolean noCgroup;

  @Option(
      names = "--count-syncs",
      paramLabel = "FILE",
      description =
          "Let strace count the calls that make data durable, one file FILE.N a process; slow.")
  private @Nullable Path countSyncs;

  @Override
  public Integer call() throws Exception {
    if (list) {
      for (Workload workload : Workload.choices()) {
        System.out.printf(
            Locale.ROOT, "%-18s %s%n", workload.label(), workload.description());
      }
      return ExitStatus.OK;
    }
    List<SubjectProvider> subjects = subjects();
    Preset chosen = preset == null ? Preset.STANDARD : preset;
    List<Row> rows = rows(chosen);
    ResultsDirectory directory = output.create("kv");
    ResultBuilder result = new ResultBuilder("kv");
    result.environment(Environment.describe(directory.data()));
    describe(subjects, rows, directory.data(), result);
    int status = ExitStatus.OK;
    try {
      run(subjects, rows, directory.data(), result);
    } catch (CellFailedException | IOException e) {
      // What was measured before is worth its time.
      String reason = String.valueOf(e.getMessage());
      result.fail(reason);
      System.err.println(reason);
      status = ExitStatus.FAILURE;
    } finally {
      output.removeData(directory);
    }
    output.publish(result.build(), directory);
    return status;
  }

  private List<SubjectProvider> subjects() {
    List<SubjectProvider> subjects = new ArrayList<>();
    subjects.add(Subjects.own());
    for (String peer : peers) {
      try {
        SubjectProvider named = Subjects.named(peer);
        if (subjects.stream().noneMatch(known -> known.name().equals(named.name()))) {
          subjects.add(named);
        }
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), "--peers: " + e.getMessage(), e);
      }
    }
    return subjects;
  }

  private List<Row> rows(Preset chosen) {
    check();
    try {
      long memoryBytes = data.memoryBytes(chosen);
      DataShape shape = data.shape(chosen);
      shape.records();
      timing.toTiming();
      return workloads.isEmpty()
          ? chosen.rows(shape, memoryBytes)
          : rows(shape, memoryBytes);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private void check() {
    if (preset != null && !workloads.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "--preset and --workloads exclude one another");
    }
    for (String option : OF_WORKLOADS) {
      if (workloads.isEmpty() && spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new ParameterException(
            spec.commandLine(), option + " is for --workloads: a preset has rows of its own");
      }
    }
    for (int walk : nexts) {
      if (walk < 0) {
        throw new ParameterException(spec.commandLine(), "--nexts " + walk + " is below 0");
      }
    }
  }

  private List<Row> rows(DataShape shape, long memoryBytes) {
    List<Row> rows = new ArrayList<>();
    for (Workload workload : workloads) {
      List<Integer> walks = workload == Workload.SEEKRANDOM ? nexts : List.of(0);
      for (int walk : walks) {
        for (Threads count : threads) {
          Sync level = sync == null ? workload.usualSync() : sync;
          rows.add(new Row(workload, count, level, walk, distribution, shape, memoryBytes));
        }
      }
    }
    return rows;
  }

  private void describe(
      List<SubjectProvider> subjects, List<Row> rows, Path directory, ResultBuilder result)
      throws IOException {
    Row first = rows.getFirst();
    SubjectSettings settings =
        new SubjectSettings(
            first.memoryBytes(),
            first.data().bytes(),
            first.data().compression(),
            Sync.WRITTEN,
            backend);
    for (SubjectProvider subject : subjects) {
      result.fact(subject.name(), subject.describe(settings));
    }
    result.fact("data", data.describe(first.data()));
    result.fact("memory bound", CellProcesses.describeBound(!noCgroup));
    result.fact("flags of a cell", CellProcesses.describeFlags(rows));
    result.fact("durable rows", "the device's flushes are compared with the writes; its counter "
            + FlushWitness.calibrate(directory).describe());
    boolean warming = timing.toTiming().warmUpNanos() > 0;
    result.fact("JVMs before", CellProcesses.describeWarmUp(warming, rows));
    result.fact("time", timing.describe());
  }

  private void run(
      List<SubjectProvider> subjects, List<Row> rows, Path directory, ResultBuilder result)
      throws Exception {
    String tracer = countSyncs == null ? null : countSyncs.toAbsolutePath().toString();
    Timing chosen = timing.toTiming();
    KvRuns.Settings settings =
        new KvRuns.Settings(
            subjects,
            timing.rounds(),
            timing.repeatsMax(),
            data.seed(),
            chosen,
            backend);
    boolean warming = chosen.warmUpNanos() > 0;
    try (CellProcesses processes =
        new CellProcesses(directory, !noCgroup, warming, tracer, rows)) {
      new KvRuns(settings, processes, directory, output.progress(), result).run(rows);
    }
  }
}
