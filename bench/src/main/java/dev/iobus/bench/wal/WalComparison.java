package dev.iobus.bench.wal;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.bench.command.Threads;
import dev.iobus.bench.host.FlushWitness;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.storage.wal.Durability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The log and the raw loops in alternation: for each number of threads a workload, for each round
/// of it the log, then every loop. Confined to one thread.
final class WalComparison {

  private final WalSettings settings;
  private final Path data;
  private final Progress progress;
  private final ResultBuilder result;

  /// @param data a directory of its own
  WalComparison(WalSettings settings, Path data, Progress progress, ResultBuilder result) {
    this.settings = settings;
    this.data = data;
    this.progress = progress;
    this.result = result;
  }

  /// Measures everything.
  ///
  /// @throws MismatchException when a record was lost, or acknowledged without a sync; what was
  ///     measured before is in the result
  void run() throws Exception {
    RawFile file = RawFile.create(data.resolve("raw"), settings.rawFileBytes());
    FlushWitness witness = FlushWitness.calibrate(data);
    RawLoops loops = new RawLoops(file, data, settings, progress, result);
    progress.say("making the segments of the log");
    try (SharedBus bus =
            SharedBus.open(BusOptions.defaults().withBackend(settings.backend()));
        MeasuredLog log =
            MeasuredLog.create(bus, data.resolve("log"), data, settings, progress)) {
      result.fact("backend", bus.reason());
      result.fact(
          "raw loops",
          "one thread, blocks of " + file.blockBytes() + " bytes in a prewritten file of "
              + (file.bytes() >> 20) + " MiB");
      for (WalWorkload workload : workloads(witness)) {
        for (int round = 0; round < settings.rounds(); round++) {
          progress.say(workload.name() + ", round " + (round + 1));
          workload.round(round, log, loops);
        }
      }
    }
  }

  private List<WalWorkload> workloads(FlushWitness witness) {
    List<WalWorkload> workloads = new ArrayList<>();
    for (Threads threads : settings.threads()) {
      workloads.add(workload(settings.durability(), threads, witness));
    }
    for (Durability level : Durability.values()) {
      if (settings.allLevels() && level != settings.durability()) {
        workloads.add(workload(level, Threads.ONE, witness));
      }
    }
    return workloads;
  }

  private WalWorkload workload(Durability durability, Threads threads, FlushWitness witness) {
    return new WalWorkload(durability, threads, settings.recordBytes(), witness, result);
  }
}
