package dev.iobus.bench.quick;

import dev.iobus.bench.host.ProcessCounters;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.kv.StoreStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The phases of the main job, in order: all of them on this store, then those that any store can
/// pass on each peer. Confined to one thread.
final class Quick {

  private static final List<Phase> SHARED =
      List.of(new Load(), new ReadBack(), new RandomGets(), new PackageScans(), new Changes());
  private static final List<Phase> OWN = List.of(new Kills(), new FullCheck());

  private final QuickSettings settings;
  private final List<SubjectProvider> peers;
  private final Path directory;
  private final Progress progress;

  /// @param peers run the shared phases after this store
  /// @param directory empty; the files of all stores go there
  Quick(
      QuickSettings settings, List<SubjectProvider> peers, Path directory, Progress progress) {
    this.settings = settings;
    this.peers = List.copyOf(peers);
    this.directory = directory;
    this.progress = progress;
  }

  /// Runs all phases and adds their rows to `result`; what was measured before a failure stays in
  /// it.
  ///
  /// @throws StoreUnavailableException when the store could not be opened at all
  /// @throws dev.iobus.bench.measure.MismatchException when a store gave a wrong answer
  void run(ResultBuilder result) throws Exception {
    progress.say("reading the class files of the running JDK");
    JdkClasses input = JdkClasses.load(settings.limit());
    result.fact(
        "input",
        String.format(
            Locale.ROOT, "%,d class files of this JDK, %.1f MB", input.count(), input.bytes() / 1e6));
    runOwn(input, result);
    for (SubjectProvider peer : peers) {
      runPeer(peer, input, result);
    }
  }

  private void runOwn(JdkClasses input, ResultBuilder result) throws Exception {
    double before = ProcessCounters.now().bytesWritten();
    try (Bed bed = bed(Subjects.own(), input)) {
      openFirst(bed);
      describe(bed, result);
      for (Phase phase : SHARED) {
        phase.run(bed, result);
      }
      for (Phase phase : OWN) {
        phase.run(bed, result);
      }
      double written = ProcessCounters.now().bytesWritten() - before;
      result.fact(
          "written in all",
          String.format(
              Locale.ROOT,
              "%.2f bytes per byte of user data, background work included",
              written / bed.userBytesWritten()));
      addCounters(bed.store().stats(), result);
    }
  }

  private void runPeer(SubjectProvider peer, JdkClasses input, ResultBuilder result)
      throws Exception {
    result.fact(peer.name(), peer.describe(settings.forPeers()));
    try (Bed bed = bed(peer, input)) {
      bed.open();
      for (Phase phase : SHARED) {
        phase.run(bed, result);
      }
    }
  }

  private Bed bed(SubjectProvider provider, JdkClasses input) throws IOException {
    Path files = Files.createDirectory(directory.resolve(provider.name()));
    return new Bed(settings, provider, files, new Model(input), progress);
  }

  private static void openFirst(Bed bed) throws StoreUnavailableException {
    try {
      bed.open();
    } catch (IOException e) {
      throw new StoreUnavailableException(e);
    }
  }

  private void describe(Bed bed, ResultBuilder result) {
    StoreStats stats = bed.store().stats();
    result.fact("backend", stats.backendReason());
    result.fact("codec", stats.codec());
    result.fact("durable append", stats.durableAppend());
    result.fact("durability", settings.store().durability().name());
    result.fact("threads", settings.threads() + " virtual in the concurrent phases");
    long memoryBytes = settings.store().memoryBytes();
    result.fact("memory", memoryBytes == 0 ? "default" : (memoryBytes >> 20) + " MiB");
    result.fact("seed", Long.toString(settings.seed()));
  }

  private static void addCounters(StoreStats stats, ResultBuilder result) {
    result.fact("tables per level", stats.tablesPerLevel().toString());
  }
}
