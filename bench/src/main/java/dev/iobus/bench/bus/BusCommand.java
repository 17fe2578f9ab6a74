package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.bench.measure.BackendNames;
import dev.iobus.bench.measure.ByteSize;
import dev.iobus.bench.measure.Comparison;
import dev.iobus.bench.measure.Environment;
import dev.iobus.bench.measure.ExitStatus;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.ResultsDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command line of the comparison with fio.
@Command(
    name = "bus",
    mixinStandardHelpOptions = true,
    header = "Reads random blocks through one bus and through fio, in alternation.",
    description = {
      "",
      "Blocks of 4 KiB, past the page cache; fio with its io_uring engine, on the same file.",
      "Without fio it measures the bus alone.",
      ""
    })
public final class BusCommand implements Callable<Integer> {

  private static final long WARM_UP_NANOS = 1_000_000_000L;

  @Option(
      names = "--depths",
      split = ",",
      paramLabel = "N",
      defaultValue = "32,128",
      description = "Reads in flight (${DEFAULT-VALUE}).")
  private List<Integer> depths = List.of();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each subject (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How long a run lasts (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "1g",
      converter = ByteSize.class,
      description = "Size of the file (${DEFAULT-VALUE}).")
  private long size;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      converter = BackendNames.class,
      description = "io_uring or nio (the best that this host allows).")
  private @Nullable BackendKind backend;

  @Option(names = "--dir", paramLabel = "DIR", description = "Where to put the file.")
  private @Nullable Path dir;

  @Option(names = "--out", paramLabel = "FILE", description = "Where to write the numbers as JSON.")
  private @Nullable Path out;

  @Option(names = "--no-progress", description = "Say nothing on standard error while it works.")
  private boolean noProgress;

  @Override
  public Integer call() throws Exception {
    ResultsDirectory results = ResultsDirectory.create("bus", dir, out);
    Comparison comparison = new Comparison("bus");
    comparison.facts(Environment.describe(results.data()));
    try {
      compare(results, comparison);
    } finally {
      results.removeData();
    }
    comparison.print(System.out);
    comparison.write(results.resultFile());
    return ExitStatus.OK;
  }

  private void compare(ResultsDirectory results, Comparison comparison)
      throws IOException, InterruptedException {
    Progress progress = Progress.standard(!noProgress);
    progress.say("writing a file of " + (size >> 20) + " MiB");
    BlockFile file = BlockFile.create(results.data().resolve("blocks"), size);
    Fio fio = Fio.find();
    comparison.fact("fio", fio == null ? "not installed (Debian package fio)" : fio.version());
    comparison.fact("file", (size >> 20) + " MiB, random bytes, O_DIRECT");
    for (int depth : depths) {
      String workload = "4 KiB random reads, QD " + depth;
      for (int round = 0; round < rounds; round++) {
        progress.say(workload + ", round " + (round + 1));
        measureBus(file, depth, workload, comparison);
        if (fio != null) {
          Fio.Outcome outcome = fio.run(file, depth, seconds);
          comparison.add(workload, "fio", outcome.rate(), outcome.p50Nanos(), outcome.p99Nanos());
        }
      }
    }
  }

  private void measureBus(BlockFile file, int depth, String workload, Comparison comparison)
      throws IOException {
    try (DirectReads reads = new DirectReads(file, depth, backend)) {
      comparison.fact("backend", reads.describe());
      reads.run(WARM_UP_NANOS);
      Measurement m = reads.run(seconds * 1_000_000_000L);
      comparison.add(
          workload,
          "iobus",
          m.operationsPerSecond(),
          m.latencies().nanosAt(50),
          m.latencies().nanosAt(99));
    }
  }
}
