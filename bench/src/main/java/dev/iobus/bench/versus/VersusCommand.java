package dev.iobus.bench.versus;

import dev.iobus.bench.measure.ByteSize;
import dev.iobus.bench.measure.Comparison;
import dev.iobus.bench.measure.Environment;
import dev.iobus.bench.measure.ExitStatus;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.ResultsDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the comparison with other stores.
@Command(
    name = "versus",
    mixinStandardHelpOptions = true,
    header = "Runs the same workloads on this store and on its peers, in alternation.",
    description = {
      "",
      "Peers are there when the harness was built with: mvn -Ppeers -DskipTests package",
      ""
    })
public final class VersusCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--workloads",
      split = ",",
      paramLabel = "NAME",
      description = "Some of ${COMPLETION-CANDIDATES} (all).")
  private List<Workload> workloads = List.of(Workload.values());

  @Option(
      names = "--subjects",
      split = ",",
      paramLabel = "NAME",
      description = "Some of the stores, such as iobus,rocksdb (all that are built in).")
  private List<String> subjects = List.of();

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Keys of 16 bytes with values of 100 (${DEFAULT-VALUE}).")
  private int keys;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How long a timed workload lasts (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each workload on each subject (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--block-cache",
      paramLabel = "SIZE",
      defaultValue = "64m",
      converter = ByteSize.class,
      description = "Memory for blocks (${DEFAULT-VALUE}); iobus gets it with the memtables' as one.")
  private long blockCacheBytes;

  @Option(
      names = "--memtable",
      paramLabel = "SIZE",
      defaultValue = "64m",
      converter = ByteSize.class,
      description = "Memory of one of two memtables (${DEFAULT-VALUE}).")
  private long memtableBytes;

  @Option(names = "--dir", paramLabel = "DIR", description = "Where to put the data.")
  private @Nullable Path dir;

  @Option(names = "--out", paramLabel = "FILE", description = "Where to write the numbers as JSON.")
  private @Nullable Path out;

  @Option(names = "--no-progress", description = "Say nothing on standard error while it works.")
  private boolean noProgress;

  @Override
  public Integer call() throws Exception {
    List<Peer> known = new ArrayList<>();
    known.add(new IobusPeer());
    ServiceLoader.load(Peer.class).forEach(known::add);
    if (known.size() == 1) {
      System.err.println(
          "no peer is built in; build the harness with: mvn -Ppeers -DskipTests package");
      return ExitStatus.ENVIRONMENT;
    }
    List<Peer> peers = chosen(known);
    ResultsDirectory results = ResultsDirectory.create("versus", dir, out);
    Peer.Memory memory = new Peer.Memory(blockCacheBytes, memtableBytes);
    Comparison comparison = new Comparison("versus");
    peers.forEach(peer -> comparison.fact(peer.name(), peer.describe(memory)));
    comparison.fact("keys", keys + " of 16 B, values of 100 B, half compressible");
    comparison.facts(Environment.describe(results.data()));
    Race race =
        new Race(
            peers,
            memory,
            new KeyValues(keys),
            seconds * 1_000_000_000L,
            results.data(),
            Progress.standard(!noProgress));
    try {
      race.run(workloads, rounds, comparison);
    } catch (MismatchException e) {
      System.err.println("wrong answer: " + e.getMessage());
      return ExitStatus.FAILURE;
    } finally {
      results.removeData();
    }
    comparison.print(System.out);
    comparison.write(results.resultFile());
    return ExitStatus.OK;
  }

  private List<Peer> chosen(List<Peer> known) {
    if (subjects.isEmpty()) {
      return known;
    }
    List<String> names = known.stream().map(Peer::name).toList();
    for (String subject : subjects) {
      if (!names.contains(subject)) {
        throw new ParameterException(
            spec.commandLine(), "'" + subject + "' is not built in: expected some of " + names);
      }
    }
    return known.stream().filter(peer -> subjects.contains(peer.name())).toList();
  }
}
