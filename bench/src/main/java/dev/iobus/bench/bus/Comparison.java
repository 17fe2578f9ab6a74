package dev.iobus.bench.bus;

import dev.iobus.bench.host.DeviceCounters;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.ResultBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Has every contender do each job in alternation: A B C, A B C, A B C. Confined to one thread.
final class Comparison {

  /// How often and how long.
  ///
  /// @param count runs of each contender in each job
  /// @param warmUpNanos before each of them, not measured
  /// @param nanos measured
  record Rounds(int count, long warmUpNanos, long nanos) {}

  private final Bed bed;
  private final List<ContenderKind> kinds;
  private final Rounds rounds;
  private final Progress progress;
  private final ResultBuilder result;
  private final Path device;
  private long generation;

  Comparison(
      Bed bed,
      List<ContenderKind> kinds,
      Rounds rounds,
      Progress progress,
      ResultBuilder result)
      throws IOException {
    this.bed = bed;
    this.kinds = List.copyOf(kinds);
    this.rounds = rounds;
    this.progress = progress;
    this.result = result;
    this.device = DeviceCounters.fileFor(bed.file().path());
  }

  /// Does one job; its runs go to the result.
  ///
  /// @throws MismatchException when an answer was wrong
  /// @throws IOException when a transfer failed
  void run(Job job) throws Exception {
    for (int round = 0; round < rounds.count(); round++) {
      for (ContenderKind kind : kinds) {
        progress.say(job.label() + ", " + kind.label() + ", round " + (round + 1));
        run(job, kind, round);
      }
    }
  }

  private void run(Job job, ContenderKind kind, int round) throws Exception {
    BlockFile file = bed.fileFor(kind, job);
    if (!job.isDirect()) {
      file.warm();
    }
    Blocks blocks = new Blocks(job, file, ++generation);
    Trial trial = new Trial(job.label(), kind.label(), round);
    try (Contender contender = kind.open(bed, blocks)) {
      result.fact(kind.label(), contender.describe());
      if (rounds.warmUpNanos() > 0) {
        contender.run(rounds.warmUpNanos());
      }
      result.add(trial.of(contender, rounds.nanos(), device));
    }
    if (job.access().isWrite()) {
      file.sync();
      if (kind.isChecked()) {
        progress.say(job.label() + ", " + kind.label() + ", reading back");
        blocks.verify();
      }
    }
  }
}
