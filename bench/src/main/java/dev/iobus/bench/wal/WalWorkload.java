package dev.iobus.bench.wal;

import dev.iobus.bench.command.Threads;
import dev.iobus.bench.host.FlushWitness;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.result.Aim;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import dev.iobus.storage.wal.Durability;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Appends of one durability by one number of threads, and the loops that they are compared with.
/// Confined to one thread.
final class WalWorkload {

  /// What a durable append of one thread is meant to reach of each bare loop's rate.
  private static final double DURABLE_LEAST = 0.9;

  /// What an append that reaches the kernel is meant to reach of a bare write's rate.
  private static final double WRITTEN_LEAST = 1 / 1.3;

  /// Appends to memory, per second, of one thread: 150 ns each.
  private static final double BUFFERED_LEAST = 1e9 / 150;

  private final Durability durability;
  private final Threads threads;
  private final String name;
  private final FlushWitness witness;
  private final ResultBuilder result;

  private final List<Run> logRuns = new ArrayList<>();
  private final Map<RawMethod, List<Run>> rawRuns = new EnumMap<>(RawMethod.class);

  WalWorkload(
      Durability durability,
      Threads threads,
      int recordBytes,
      FlushWitness witness,
      ResultBuilder result) {
    this.durability = durability;
    this.threads = threads;
    this.name = durability + " " + recordBytes + " B, " + label(threads);
    this.witness = witness;
    this.result = result;
    if (isOneThread(threads) && durability == Durability.BUFFERED) {
      result.aim(new Aim(name, null, Metric.OPERATIONS_PER_SECOND, BUFFERED_LEAST));
    }
  }

  private static String label(Threads threads) {
    return threads.label() + (isOneThread(threads) ? " thread" : " threads");
  }

  private static boolean isOneThread(Threads threads) {
    return threads.count() == 1 && threads.kind() == Workers.Kind.PLATFORM;
  }

  String name() {
    return name;
  }

  /// One round: the log, then each loop.
  ///
  /// @throws MismatchException when a record was lost, or acknowledged without a sync
  void round(int round, MeasuredLog log, RawLoops loops) throws Exception {
    MeasuredLog.Outcome outcome = log.run(name, round, durability, threads);
    logRuns.add(outcome.run());
    result.add(outcome.run());
    String syncs = "";
    if (durability == Durability.SYNCED) {
      syncs =
          (outcome.usesDsync() ? ", durable writes, " : ", write and fdatasync, ")
              + judge(outcome.run(), outcome.usesDsync(), threads.count());
      result.fact("durable append", outcome.after().primitive());
    }
    for (RawMethod method : loops.possible(rivals())) {
      Run run = loops.measure(method, name, round);
      if (!rawRuns.containsKey(method) && isOneThread(threads)) {
        double least = method.isDurable() ? DURABLE_LEAST : WRITTEN_LEAST;
        result.aim(Aim.rate(name, method.subject(), least));
      }
      rawRuns.computeIfAbsent(method, m -> new ArrayList<>()).add(run);
      result.add(run);
      if (method.isDurable()) {
        result.fact(
            "syncs, " + method.subject(), judge(run, method.isDsync(), 1).toString());
      }
    }
    result.fact(name, compare() + describe(outcome) + syncs);
  }

  /// The loops that promise the same. None writes to memory alone.
  private Set<RawMethod> rivals() {
    return switch (durability) {
      case SYNCED -> RawMethod.DURABLE;
      case WRITTEN -> EnumSet.of(RawMethod.PWRITE);
      case BUFFERED -> EnumSet.noneOf(RawMethod.class);
    };
  }

  /// What the device says of a durable run.
  private FlushWitness.Verdict judge(Run run, boolean dsync, int waiting)
      throws MismatchException {
    double perOperation = run.operations() == 0 ? 0 : run.value(Metric.FLUSHES_PER_OPERATION);
    double flushes = perOperation * run.operations();
    FlushWitness.Verdict verdict = witness.judge(dsync, run.operations(), waiting, flushes);
    if (verdict instanceof FlushWitness.Missing) {
      throw new MismatchException(run.workload() + ", " + run.subject() + ": " + verdict);
    }
    return verdict;
  }

  /// The log's rate over that of the fastest loop.
  private String compare() {
    String fastest = "";
    double limit = 0;
    for (Map.Entry<RawMethod, List<Run>> loop : rawRuns.entrySet()) {
      double rate = rate(loop.getValue());
      if (rate > limit) {
        fastest = loop.getKey().subject();
        limit = rate;
      }
    }
    if (limit == 0) {
      return "";
    }
    double ratio = rate(logRuns) / limit;
    return String.format(
        Locale.ROOT,
        "%.2f times the fastest loop (%s, %,.0f/s)%s; ",
        ratio,
        fastest,
        limit,
        threads.count() == 1
            ? ""
            : String.format(
                Locale.ROOT,
                ", %.0f %% of %d records a write",
                100 * ratio / threads.count(),
                threads.count()));
  }

  private static double rate(List<Run> runs) {
    return Rows.median(runs, Metric.OPERATIONS_PER_SECOND);
  }

  private static String describe(MeasuredLog.Outcome last) {
    return String.format(
        Locale.ROOT,
        "last round: %.1f records a group, %.0f %% of the groups overlapped, %,d records read"
            + " again, %d segments made",
        last.groupRecords(),
        100 * last.overlappedShare(),
        last.records(),
        last.segmentsMade());
  }
}
