package dev.iobus.bench.bus;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.ResultBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Everything that one call of the command does. Confined to one platform thread.
final class BusJobs {

  private static final String FIO = ContenderKind.FIO.label();

  private final BusSettings settings;
  private final @Nullable Fio installed;

  /// Makes sure that the host has what `settings` need, as far as that can be told without a file.
  ///
  /// @throws HostLacksException when it has not
  BusJobs(BusSettings settings) throws HostLacksException, InterruptedException {
    this.settings = settings;
    this.installed = settings.wantsFio() ? Fio.find(settings.fio()) : null;
    if (settings.needsFio() && installed == null) {
      throw new HostLacksException(
          "fio was asked for, and there is no program '" + settings.fio() + "': " + Fio.REMEDY);
    }
    try (Bus bus = Bus.open(BusOptions.defaults().withBackend(settings.backend()))) {
      bus.submit();
    } catch (IOException e) {
      throw new HostLacksException(String.valueOf(e.getMessage()));
    }
  }

  /// Does all jobs.
  ///
  /// @param data an empty directory for the files
  /// @throws HostLacksException when a job cannot be done there
  /// @throws dev.iobus.bench.measure.MismatchException when an answer was wrong
  /// @throws IOException when a transfer failed
  void run(Path data, Progress progress, ResultBuilder result) throws Exception {
    Comparison comparison = new Comparison(settings.rounds(), data, progress, result);
    if (!settings.nopBatches().isEmpty()) {
      NopRows rows = new NopRows(settings.backend(), nopProgram(data, result));
      for (Lineup row : rows.of(settings.nopBatches(), !settings.aims().isEmpty())) {
        comparison.run(row);
      }
    }
    if (settings.aims().contains(AimGroup.ECHO)) {
      for (Lineup row : new EchoRows(settings.backend(), settings.echoPeers()).all()) {
        comparison.run(row);
      }
    }
    if (settings.transfers()) {
      for (Lineup row : blockRows(prepare(data, progress, result))) {
        comparison.run(row);
      }
    }
  }

  private static @Nullable NopProgram nopProgram(Path data, ResultBuilder result)
      throws IOException, InterruptedException {
    try {
      return NopProgram.compile(data);
    } catch (HostLacksException e) {
      result.fact(NopProgram.LABEL, "left out: " + e.getMessage());
      return null;
    }
  }

  private List<Lineup> blockRows(Bed bed) {
    List<Lineup> rows = new ArrayList<>();
    for (Job job : settings.jobs()) {
      List<Entrant> entrants = new ArrayList<>();
      for (ContenderKind kind : contenders(bed)) {
        entrants.add(new BlockEntrant(bed, kind, job, kind.label()));
      }
      rows.add(new Lineup(job.label(), entrants, List.of()));
    }
    BlockRows aimed = new BlockRows(bed, settings.peers());
    settings.aims().forEach(group -> rows.addAll(aimed.of(group)));
    return rows;
  }

  /// Writes the files and finds out who can use them.
  private Bed prepare(Path data, Progress progress, ResultBuilder result)
      throws IOException, HostLacksException, InterruptedException {
    progress.say("writing a file of " + (settings.bytes() >> 20) + " MiB");
    BlockFile file = BlockFile.create(data.resolve("blocks"), settings.bytes());
    if (settings.anyDirect()) {
      requireDirect(file);
    }
    Fio fio = installed == null ? null : usable(installed, file, result);
    if (settings.wantsFio() && installed == null) {
      result.fact(FIO, "not installed: " + Fio.REMEDY);
    }
    BlockFile unchecked = file;
    if (fio != null && settings.anyWrite()) {
      progress.say("writing a file of " + (settings.bytes() >> 20) + " MiB for fio's writes");
      unchecked = BlockFile.create(data.resolve("blocks-of-fio"), settings.bytes());
    }
    describe(result);
    return new Bed(file, unchecked, settings.backend(), fio);
  }

  private static void requireDirect(BlockFile file) throws HostLacksException {
    String refusal = file.directRefusal();
    if (refusal != null) {
      throw new HostLacksException(
          "the file system refuses direct I/O (" + refusal
              + "): choose another with --dir, or --buffered");
    }
  }

  /// `fio` if its engine works here, else null.
  private @Nullable Fio usable(Fio fio, BlockFile file, ResultBuilder result)
      throws HostLacksException, InterruptedException {
    Caching caching = settings.anyDirect() ? Caching.DIRECT : Caching.BUFFERED;
    String refusal = FioContender.refusal(fio, file, caching, settings.registration());
    if (refusal == null) {
      return fio;
    }
    if (settings.needsFio()) {
      throw new HostLacksException(fio.version() + " cannot be used here: " + refusal);
    }
    result.fact(FIO, fio.version() + " left out, it cannot be used here: " + refusal);
    return null;
  }

  private void describe(ResultBuilder result) {
    String cached =
        settings.anyBuffered()
            ? ", where buffered: in the page cache, read once before each run"
            : "";
    result.fact("file", (settings.bytes() >> 20) + " MiB, random bytes" + cached);
    result.fact("transfers", "file and memory " + settings.registration().label());
    result.fact("checked", "length and number of every page; nothing of what fio reads");
    if (settings.anyWrite()) {
      result.fact("writes", "not synced while measured; read back; fio's go to a file of its own");
    }
    if (settings.anyWrite() && settings.anyBuffered()) {
      result.fact("CPU/op of fio", "not known: workers of the kernel write");
    }
  }

  /// iobus first: the others are compared with it.
  private List<ContenderKind> contenders(Bed bed) {
    List<ContenderKind> kinds = new ArrayList<>(List.of(ContenderKind.IOBUS));
    List<ContenderKind> rivals = settings.rivals();
    if (rivals != null) {
      kinds.addAll(rivals);
    } else if (bed.fio() != null) {
      kinds.add(ContenderKind.FIO);
    }
    return kinds.stream().distinct().toList();
  }
}
