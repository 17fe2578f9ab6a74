package dev.iobus.bench.quick;

import dev.iobus.BackendKind;
import dev.iobus.bench.measure.BackendNames;
import dev.iobus.bench.measure.ByteSize;
import dev.iobus.bench.measure.Environment;
import dev.iobus.bench.measure.ExitStatus;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Report;
import dev.iobus.bench.measure.ResultsDirectory;
import dev.iobus.bench.measure.StoreSettings;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the main job.
@Command(
    name = "quick",
    mixinStandardHelpOptions = true,
    header = "Puts the class files of the running JDK through a store, checks every answer.",
    description = {
      "",
      "Load, read back, random gets, scans, overwrites, deletes, kills of a writing child, reopen,",
      "full compare. Prints a table and writes the same to result.json. Takes about a minute.",
      ""
    })
public final class QuickCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where to put the data, in a new directory of its own (bench/results).")
  private @Nullable Path dir;

  @Option(names = "--keep", description = "Keep the data; by default it is removed at the end.")
  private boolean keep;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "64",
      description = "Virtual threads of the concurrent phases (${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      converter = BackendNames.class,
      description = "io_uring or nio (the best that this host allows).")
  private @Nullable BackendKind backend;

  @Option(
      names = "--durability",
      paramLabel = "LEVEL",
      defaultValue = "SYNCED",
      description = "SYNCED, WRITTEN or BUFFERED (${DEFAULT-VALUE}).")
  private Durability durability = Durability.SYNCED;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "0",
      converter = ByteSize.class,
      description = "The store's memory budget, such as 64m (the store's default).")
  private long memoryBytes;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "2147483647",
      showDefaultValue = Visibility.NEVER,
      description = "Use only the first N class files.")
  private int limit;

  @Option(
      names = "--kills",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often a writing child is killed (${DEFAULT-VALUE}).")
  private int kills;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "4",
      description = "How long each phase of random gets lasts (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Decides all that is random (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where to write the numbers as JSON (result.json under bench/results).")
  private @Nullable Path out;

  @Option(names = "--no-progress", description = "Say nothing on standard error while it works.")
  private boolean noProgress;

  @Override
  public Integer call() throws Exception {
    check();
    PrintStream table = System.out;
    Progress progress = Progress.standard(!noProgress);
    ResultsDirectory results = ResultsDirectory.create("quick", dir, out);
    Report report = new Report("quick");
    int status = run(results.data(), progress, report);
    report.facts(Environment.describe(results.data()));
    report.print(table);
    report.write(results.resultFile());
    table.println();
    table.println("numbers          " + results.resultFile());
    if (keep) {
      table.println("data             " + results.data());
    } else {
      results.removeData();
    }
    return status;
  }

  private void check() {
    require(threads >= 1, "--threads must be at least 1");
    require(limit >= 20, "--limit must be at least 20");
    require(kills >= 0, "--kills must not be negative");
    require(seconds >= 1, "--seconds must be at least 1");
  }

  private void require(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  /// Runs the job; what fails is told in the report and on standard error.
  private int run(Path data, Progress progress, Report report) throws Exception {
    StoreSettings store = new StoreSettings(durability, memoryBytes, backend);
    QuickSettings settings =
        new QuickSettings(store, threads, limit, seed, kills, seconds * 1_000_000_000L);
    try {
      new Quick(settings, data, progress).run(report);
      return ExitStatus.OK;
    } catch (StoreUnavailableException e) {
      return failed(report, e, ExitStatus.ENVIRONMENT);
    } catch (MismatchException e) {
      return failed(report, e, ExitStatus.FAILURE);
    } catch (IOException e) {
      e.printStackTrace();
      return failed(report, e, ExitStatus.FAILURE);
    }
  }

  private static int failed(Report report, Exception e, int status) {
    String reason =
        e instanceof MismatchException ? "wrong answer: " + e.getMessage() : e.toString();
    report.fail(reason);
    System.err.println(reason);
    return status;
  }
}
