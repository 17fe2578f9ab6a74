package dev.iobus.bench.bus;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.bench.host.DeviceCounters;
import dev.iobus.bench.host.FileCache;
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
    for (int batch : settings.nopBatches()) {
      runNops(batch, data, progress, result);
    }
    if (settings.jobs().isEmpty()) {
      return;
    }
    Bed bed = prepare(data, progress, result);
    Comparison comparison =
        new Comparison(bed, contenders(bed), settings.rounds(), progress, result);
    for (Job job : settings.jobs()) {
      comparison.run(job);
    }
  }

  private void runNops(int batch, Path data, Progress progress, ResultBuilder result)
      throws Exception {
    String workload = "nop, batch " + batch;
    for (int round = 0; round < settings.rounds().count(); round++) {
      progress.say(workload + ", round " + (round + 1));
      try (Nops nops = new Nops(batch, settings.backend())) {
        result.fact(ContenderKind.IOBUS.label(), nops.describe());
        nops.run(settings.rounds().warmUpNanos());
        Trial trial = new Trial(workload, ContenderKind.IOBUS.label(), round);
        result.add(trial.of(nops, settings.rounds().nanos(), DeviceCounters.fileFor(data)));
      }
    }
  }

  /// Writes the files and finds out who can use them.
  private Bed prepare(Path data, Progress progress, ResultBuilder result)
      throws IOException, HostLacksException, InterruptedException {
    Job any = settings.jobs().getFirst();
    progress.say("writing a file of " + (settings.bytes() >> 20) + " MiB");
    BlockFile file = BlockFile.create(data.resolve("blocks"), settings.bytes());
    if (any.isDirect()) {
      requireDirect(file);
    }
    Fio fio = installed == null ? null : usable(installed, file, any, result);
    if (settings.wantsFio() && installed == null) {
      result.fact(FIO, "not installed: " + Fio.REMEDY);
    }
    boolean writes = settings.jobs().stream().anyMatch(job -> job.access().isWrite());
    BlockFile unchecked = file;
    if (fio != null && writes) {
      progress.say("writing a file of " + (settings.bytes() >> 20) + " MiB for fio's writes");
      unchecked = BlockFile.create(data.resolve("blocks-of-fio"), settings.bytes());
    }
    if (any.isDirect()) {
      // Pages that are there must be looked up, and dropped, by every direct transfer.
      FileCache.drop(data);
    }
    describe(any, writes, result);
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
  private @Nullable Fio usable(Fio fio, BlockFile file, Job job, ResultBuilder result)
      throws HostLacksException, InterruptedException {
    String refusal = FioContender.refusal(fio, file, job.caching(), job.registration());
    if (refusal == null) {
      return fio;
    }
    if (settings.needsFio()) {
      throw new HostLacksException(fio.version() + " cannot be used here: " + refusal);
    }
    result.fact(FIO, fio.version() + " left out, it cannot be used here: " + refusal);
    return null;
  }

  private void describe(Job job, boolean writes, ResultBuilder result) {
    String cached = job.isDirect() ? "" : ", in the page cache: read once before each run";
    result.fact("file", (settings.bytes() >> 20) + " MiB, random bytes" + cached);
    result.fact(
        "transfers", job.caching().label() + ", file and memory " + job.registration().label());
    result.fact("checked", "length and number of every page; nothing of what fio reads");
    if (writes) {
      result.fact("writes", "not synced while measured; read back; fio's go to a file of its own");
    }
    if (writes && !job.isDirect()) {
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
