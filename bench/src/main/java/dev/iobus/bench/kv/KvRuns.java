package dev.iobus.bench.kv;

import dev.iobus.BackendKind;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Turns;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.subject.SubjectProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Runs all rows on all subjects, round by round, then those cells again that others disturbed most.
/// Confined to one thread.
final class KvRuns {

  /// Others may have so much of all processors before a run counts as noisy.
  private static final double NOISE_MAX = 0.1;

  /// What is the same for all cells.
  ///
  /// @param subjects the first is the one that others are compared with
  /// @param rounds how often each row runs on each subject, at least 1
  /// @param repeatsMax how many noisy cells may be run again
  /// @param backend of this store; null for the best that the host allows
  record Settings(
      List<SubjectProvider> subjects,
      int rounds,
      int repeatsMax,
      long seed,
      Timing timing,
      @Nullable BackendKind backend) {}

  /// A cell that has run.
  private record Done(Cell cell, Run run) {}

  private final Settings settings;
  private final CellProcesses processes;
  private final LoadedStores stores;
  private final Progress progress;
  private final ResultBuilder result;
  private final List<Done> done = new ArrayList<>();
  private final AtomicLong finished = new AtomicLong();

  KvRuns(
      Settings settings,
      CellProcesses processes,
      Path directory,
      Progress progress,
      ResultBuilder result) {
    this.settings = settings;
    this.processes = processes;
    this.stores = new LoadedStores(directory, processes);
    this.progress = progress;
    this.result = result;
  }

  /// Runs everything; what was measured before a failure stays in the result.
  ///
  /// @throws CellFailedException when a cell gave no number that counts
  void run(List<Row> rows) throws IOException, InterruptedException, CellFailedException {
    long cells = 0;
    for (Row row : rows) {
      cells += (long) settings.rounds() * subjectsOf(row).size();
    }
    try (Progress.Phase phase = progress.begin("cells", cells, finished::get)) {
      for (int round = 0; round < settings.rounds(); round++) {
        for (Row row : rows) {
          for (SubjectProvider subject : Turns.of(subjectsOf(row), round)) {
            phase.tell(row.label() + ", " + subject.name());
            Done ended = runOnce(cell(row, subject, round));
            result.add(ended.run());
            done.add(ended);
            finished.incrementAndGet();
          }
        }
        processes.close();
      }
    }
    repeatNoisy();
  }

  private List<SubjectProvider> subjectsOf(Row row) {
    return settings.subjects().stream().filter(s -> s.levels().contains(row.sync())).toList();
  }

  private Cell cell(Row row, SubjectProvider subject, int round) {
    return new Cell(
        row,
        subject.name(),
        round,
        settings.timing(),
        settings.seed() + round,
        settings.backend(),
        "");
  }

  private Done runOnce(Cell cell) throws IOException, InterruptedException, CellFailedException {
    Path files = stores.prepare(cell);
    try {
      CellProcess.Outcome outcome = processes.run(cell.in(files));
      String detail = outcome.result().facts().getOrDefault("detail", "");
      if (!detail.isEmpty()) {
        result.fact(cell.subject() + " runs", detail);
      }
      if (outcome.result().runs().isEmpty()) {
        throw new CellFailedException(cell.subject() + ", " + cell.row().label() + ": no number");
      }
      Run run = outcome.result().runs().getFirst();
      return new Done(cell, run.with(Metric.GROUP_PEAK, outcome.peakBytes()));
    } finally {
      stores.release(cell, files);
    }
  }

  /// The noisiest first; chosen by what others did, never by what was measured.
  private void repeatNoisy() throws IOException, InterruptedException, CellFailedException {
    List<Done> noisy =
        done.stream()
            .filter(d -> d.run().noise() > NOISE_MAX)
            .sorted(Comparator.comparingDouble((Done d) -> d.run().noise()).reversed())
            .toList();
    int repeated = Math.min(settings.repeatsMax(), noisy.size());
    for (Done ended : noisy.subList(0, repeated)) {
      progress.say(
          "again, the machine was noisy: "
              + ended.cell().row().label()
              + ", "
              + ended.cell().subject());
      Done again = runOnce(ended.cell());
      if (again.run().noise() < ended.run().noise()) {
        result.supersede(ended.run(), again.run());
      }
    }
    result.fact(
        "noise",
        noisy.size()
            + " of "
            + done.size()
            + " runs had more than "
            + Math.round(NOISE_MAX * 100)
            + " % of the processors used by others; "
            + repeated
            + " of them were run again");
  }
}
