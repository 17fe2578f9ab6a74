package dev.iobus.bench.wal;

import dev.iobus.BackendKind;
import dev.iobus.bench.command.BackendNames;
import dev.iobus.bench.command.ByteSize;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.command.OutputOptions;
import dev.iobus.bench.command.ResultsDirectory;
import dev.iobus.bench.command.Threads;
import dev.iobus.bench.host.Environment;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the comparison of the log with bare loops.
@Command(
    name = "wal",
    mixinStandardHelpOptions = true,
    header = "Appends durably to a log, against bare loops on the same file system.",
    description = {
      "",
      "Writers of one log wait for each of their records; in alternation, one thread overwrites",
      "blocks of a prewritten file: what the file system gives without a group commit. The log's",
      "segments were used before, as those of a store that has worked for a while.",
      "",
      "Every acknowledged record is read again. Where the device counts its flushes, there must be",
      "one for each record of each thread. Takes about four minutes.",
      ""
    })
public final class WalCommand implements Callable<Integer> {

  private static final String JOB = "wal";
  private static final long RECORD_BYTES_MAX = 1 << 20;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private OutputOptions output = new OutputOptions();

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N[v]",
      defaultValue = "1,4,16,64,1000v",
      converter = Threads.Converter.class,
      description = "Writers, each number a workload; v: virtual threads (${DEFAULT-VALUE}).")
  private List<Threads> threads = List.of();

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      defaultValue = "SYNCED",
      description = "SYNCED, WRITTEN or BUFFERED (${DEFAULT-VALUE}).")
  private Durability durability = Durability.SYNCED;

  @Option(
      names = "--all-levels",
      description = "Measure the other levels of durability too, with one thread.")
  private boolean allLevels;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "100",
      converter = ByteSize.class,
      description = "Bytes of a record (${DEFAULT-VALUE}).")
  private long size;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each subject (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "2",
      description = "How long a run lasts, fractions allowed (${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      converter = BackendNames.class,
      description = "io_uring, kqueue or nio (the best that this host allows).")
  private @Nullable BackendKind backend;

  @Override
  public Integer call() throws Exception {
    check();
    ResultsDirectory directory = output.create(JOB);
    ResultBuilder result = new ResultBuilder(JOB);
    boolean published = false;
    try {
      int status = run(directory.data(), output.progress(), result);
      output.publish(result.build(), directory);
      published = true;
      return status;
    } finally {
      if (!published) {
        output.removeData(directory);
      }
    }
  }

  private void check() {
    require(
        size >= LogRecord.LENGTH_MIN && size <= RECORD_BYTES_MAX,
        "--size must be " + LogRecord.LENGTH_MIN + " to " + RECORD_BYTES_MAX);
    require(rounds >= 1, "--rounds must be at least 1");
    require(seconds > 0 && seconds <= 3_600, "--seconds must be above 0 and up to 3600");
  }

  private void require(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /// Runs the job; a wrong answer is told in the result and on standard error.
  int run(Path data, Progress progress, ResultBuilder result) throws Exception {
    result.environment(Environment.describe(data));
    WalSettings settings =
        new WalSettings(
            durability,
            threads,
            allLevels,
            (int) size,
            rounds,
            (long) (seconds * 1e9),
            backend,
            WalSettings.SEGMENT_BYTES,
            WalSettings.RAW_FILE_BYTES);
    try {
      new WalComparison(settings, data, progress, result).run();
      return ExitStatus.OK;
    } catch (MismatchException e) {
      return failed(result, "wrong answer: " + e.getMessage());
    } catch (IOException e) {
      // What was measured before is worth its time.
      return failed(result, String.valueOf(e.getMessage()));
    }
  }

  private static int failed(ResultBuilder result, String reason) {
    result.fail(reason);
    System.err.println(reason);
    return ExitStatus.FAILURE;
  }
}
