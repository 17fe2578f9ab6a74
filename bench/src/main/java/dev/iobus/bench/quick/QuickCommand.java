package dev.iobus.bench.quick;

import dev.iobus.BackendKind;
import dev.iobus.bench.command.BackendNames;
import dev.iobus.bench.command.ByteSize;
import dev.iobus.bench.host.Environment;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.command.OutputOptions;
import dev.iobus.bench.command.ResultsDirectory;
import dev.iobus.bench.subject.StoreSettings;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
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

  @Mixin private OutputOptions output = new OutputOptions();

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
      description = "io_uring, kqueue or nio (the best that this host allows).")
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
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Stores that do the same after this one, such as rocksdb,lmdb,mvstore (none).")
  private List<String> peers = List.of();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Decides all that is random (${DEFAULT-VALUE}).")
  private long seed;

  @Override
  public Integer call() throws Exception {
    check();
    peerProviders(settings());
    ResultsDirectory directory = output.create("quick");
    ResultBuilder result = new ResultBuilder("quick");
    result.environment(Environment.describe(directory.data()));
    int status = run(directory.data(), output.progress(), result);
    output.publish(result.build(), directory);
    return status;
  }

  private QuickSettings settings() {
    StoreSettings store = new StoreSettings(durability, memoryBytes, backend);
    return new QuickSettings(store, threads, limit, seed, kills, seconds * 1_000_000_000L);
  }

  private List<SubjectProvider> peerProviders(QuickSettings settings) {
    List<SubjectProvider> providers = new ArrayList<>();
    for (String peer : peers) {
      providers.add(peerProvider(peer, settings));
    }
    return providers;
  }

  private SubjectProvider peerProvider(String peer, QuickSettings settings) {
    SubjectProvider provider;
    try {
      provider = Subjects.named(peer);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--peers: " + e.getMessage(), e);
    }
    require(!provider.equals(Subjects.own()), "--peers: " + peer + " runs anyway");
    require(
        provider.levels().contains(settings.sync()),
        "--peers: " + peer + " does not offer " + settings.sync());
    return provider;
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
  private int run(Path data, Progress progress, ResultBuilder result) throws Exception {
    QuickSettings settings = settings();
    try {
      new Quick(settings, peerProviders(settings), data, progress).run(result);
      return ExitStatus.OK;
    } catch (StoreUnavailableException e) {
      return failed(result, e, ExitStatus.ENVIRONMENT);
    } catch (MismatchException e) {
      return failed(result, e, ExitStatus.FAILURE);
    } catch (IOException e) {
      e.printStackTrace();
      return failed(result, e, ExitStatus.FAILURE);
    }
  }

  private static int failed(ResultBuilder result, Exception e, int status) {
    String reason =
        e instanceof MismatchException ? "wrong answer: " + e.getMessage() : e.toString();
    result.fail(reason);
    System.err.println(reason);
    return status;
  }
}
