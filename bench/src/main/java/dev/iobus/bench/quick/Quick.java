package dev.iobus.bench.quick;

import dev.iobus.bench.measure.ProcessIo;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Report;
import dev.iobus.kv.StoreStats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The phases of the main job, in order, on one store. Confined to one thread.
final class Quick {

  private static final List<Phase> PHASES =
      List.of(
          new Load(),
          new ReadBack(),
          new RandomGets(),
          new PackageScans(),
          new Changes(),
          new Kills(),
          new FullCheck());

  private final QuickSettings settings;
  private final Path directory;
  private final Progress progress;

  /// @param directory empty; the store's files go there
  Quick(QuickSettings settings, Path directory, Progress progress) {
    this.settings = settings;
    this.directory = directory;
    this.progress = progress;
  }

  /// Runs all phases and adds their rows to `report`; what was measured before a failure stays in
  /// it.
  ///
  /// @throws StoreUnavailableException when the store could not be opened at all
  /// @throws dev.iobus.bench.measure.MismatchException when the store gave a wrong answer
  void run(Report report) throws Exception {
    progress.say("reading the class files of the running JDK");
    JdkClasses input = JdkClasses.load(settings.limit());
    report.fact(
        "input",
        String.format(
            Locale.ROOT, "%,d class files of this JDK, %.1f MB", input.count(), input.bytes() / 1e6));
    double before = ProcessIo.bytesWritten();
    try (Bed bed = new Bed(settings, directory, new Model(input), progress)) {
      openFirst(bed);
      describe(bed, report);
      for (Phase phase : PHASES) {
        phase.run(bed, report);
      }
      double written = ProcessIo.bytesWritten() - before;
      report.fact(
          "written in all",
          String.format(
              Locale.ROOT,
              "%.2f bytes per byte of user data, background work included",
              written / bed.userBytesWritten()));
      addCounters(bed.store().stats(), report);
    }
  }

  private static void openFirst(Bed bed) throws StoreUnavailableException {
    try {
      bed.open();
    } catch (IOException e) {
      throw new StoreUnavailableException(e);
    }
  }

  private void describe(Bed bed, Report report) {
    StoreStats stats = bed.store().stats();
    report.fact("backend", stats.backendReason());
    report.fact("codec", stats.codec());
    report.fact("durable append", stats.durableAppend());
    report.fact("durability", settings.store().durability().name());
    report.fact("threads", settings.threads() + " virtual in the concurrent phases");
    long memoryBytes = settings.store().memoryBytes();
    report.fact("memory", memoryBytes == 0 ? "default" : (memoryBytes >> 20) + " MiB");
    report.fact("seed", Long.toString(settings.seed()));
  }

  private static void addCounters(StoreStats stats, Report report) {
    report.fact("tables per level", stats.tablesPerLevel().toString());
  }
}
