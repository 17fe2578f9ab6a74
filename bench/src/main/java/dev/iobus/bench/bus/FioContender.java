package dev.iobus.bench.bus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Does a job with fio's io_uring engine, with the settings that [BusContender] has: the same runs of
/// submissions and results, one clock for the start of a transfer and one for its end. fio does not
/// look at what it reads, and destroys what it overwrites.
final class FioContender implements Contender {

  private static final long PROBE_NANOS = 1_000_000;

  private final Fio fio;
  private final Job job;
  private final BlockFile file;

  /// @param file for a job that writes, one that nobody else needs
  FioContender(Fio fio, Job job, BlockFile file) {
    this.fio = fio;
    this.job = job;
    this.file = file;
  }

  /// Why fio cannot do such a job here; null when it can.
  static @Nullable String refusal(Fio fio, BlockFile file, Caching caching, Registration how)
      throws InterruptedException {
    Job probe = new Job(Access.READ, PageFormat.LENGTH, 1, caching, how);
    try (FioContender contender = new FioContender(fio, probe, file)) {
      contender.run(PROBE_NANOS);
      return null;
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  @Override
  public String describe() {
    return fio.version() + ", its io_uring engine";
  }

  @Override
  public Outcome run(long nanos) throws IOException, InterruptedException {
    checkLength();
    Path scratch = file.path().resolveSibling("fio-report.json");
    Outcome outcome =
        FioReport.parse(fio.report(options(nanos), scratch), job.access().isWrite());
    return hasKernelWorkers() ? withoutSystemTime(outcome) : outcome;
  }

  /// Whether workers of the kernel do the transfers, whose time fio does not report: io_uring gives
  /// them buffered writes on file systems that may have to wait, such as ext4.
  private boolean hasKernelWorkers() {
    return job.access().isWrite() && !job.isDirect();
  }

  private static Outcome withoutSystemTime(Outcome outcome) {
    Outcome.ProcessorTime child = Objects.requireNonNull(outcome.child());
    return Outcome.of(
        outcome.measurement(), new Outcome.ProcessorTime(child.userNanos(), Double.NaN));
  }

  /// fio takes what it finds of a file that is too short, and says nothing.
  private void checkLength() throws IOException {
    long found = Files.size(file.path());
    if (found != file.bytes()) {
      throw new IOException(
          file.path().getFileName() + ": expected " + file.bytes() + " bytes, found " + found);
    }
  }

  private List<String> options(long nanos) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--name=" + job.access().label(),
                "--filename=" + file.path(),
                "--size=" + file.bytes(),
                "--rw=" + job.access().label(),
                "--bs=" + job.blockLength(),
                "--iodepth=" + job.depth(),
                "--ioengine=io_uring",
                "--verify=0",
                "--norandommap",
                "--randrepeat=0",
                "--time_based",
                "--runtime=" + Math.max(1, nanos / 1_000_000) + "ms",
                "--iodepth_batch_submit=" + BusContender.runLength(job),
                "--iodepth_batch_complete_min=1",
                "--iodepth_batch_complete_max=" + BusContender.runLength(job),
                "--disable_slat=1",
                "--disable_clat=1",
                "--lat_percentiles=1",
                "--clat_percentiles=0"));
    if (!job.access().isWrite()) {
      options.add("--readonly");
    }
    if (job.isRegistered()) {
      options.addAll(List.of("--fixedbufs=1", "--registerfiles=1"));
    }
    // By default fio drops the file's pages first, and would measure the device.
    options.addAll(
        job.isDirect() ? List.of("--direct=1") : List.of("--direct=0", "--invalidate=0"));
    return options;
  }

  /// Nothing is open between runs.
  @Override
  public void close() {}
}
