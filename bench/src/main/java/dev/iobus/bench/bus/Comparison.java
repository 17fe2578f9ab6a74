package dev.iobus.bench.bus;

import dev.iobus.bench.host.DeviceCounters;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Turns;
import dev.iobus.bench.result.ResultBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Has every entrant do each workload in alternation: A B C, B C A, C A B. Confined to one thread.
final class Comparison {

  /// How often and how long.
  ///
  /// @param count runs of each contender in each job
  /// @param warmUpNanos before each of them, not measured
  /// @param nanos measured
  record Rounds(int count, long warmUpNanos, long nanos) {}

  private final Rounds rounds;
  private final Progress progress;
  private final ResultBuilder result;
  private final Path device;

  /// @param data a directory on the device that is counted
  Comparison(Rounds rounds, Path data, Progress progress, ResultBuilder result)
      throws IOException {
    this.rounds = rounds;
    this.progress = progress;
    this.result = result;
    this.device = DeviceCounters.fileFor(data);
  }

  /// Does one workload; its runs and its aims go to the result. Who turns out not to be able to
  /// take part is left out, and a fact says why.
  ///
  /// @throws dev.iobus.bench.measure.MismatchException when an answer was wrong
  /// @throws IOException when an operation failed
  void run(Lineup lineup) throws Exception {
    List<Entrant> entrants = new ArrayList<>(lineup.entrants());
    for (int round = 0; round < rounds.count(); round++) {
      for (Entrant entrant : Turns.of(entrants, round)) {
        progress.say(lineup.workload() + ", " + entrant.label() + ", round " + (round + 1));
        try {
          run(entrant, new Trial(lineup.workload(), entrant.label(), round));
        } catch (HostLacksException e) {
          result.fact(entrant.kind(), "left out: " + e.getMessage());
          entrants.remove(entrant);
        }
      }
    }
    lineup.aims().forEach(result::aim);
  }

  private void run(Entrant entrant, Trial trial) throws Exception {
    try (Contender contender = entrant.open()) {
      if (rounds.warmUpNanos() > 0) {
        contender.run(rounds.warmUpNanos());
      }
      result.add(trial.of(contender, rounds.nanos(), device));
      result.fact(entrant.kind(), contender.describe());
    }
    entrant.settle();
  }
}
