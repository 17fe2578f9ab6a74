package dev.iobus.bench.kv;

import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.host.FlushWitness;
import dev.iobus.bench.host.PeakMemory;
import dev.iobus.bench.host.PinnedThreads;
import dev.iobus.bench.host.ProcessCounters;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Pace;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Series;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.result.Counters;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.Subjects;
import dev.iobus.bench.subject.Sync;
import dev.iobus.bench.workload.Preload;
import dev.iobus.bench.workload.Records;
import dev.iobus.bench.workload.StoreCheck;
import dev.iobus.bench.workload.Workload;
import dev.iobus.bench.workload.WorkloadRun;
import dev.iobus.bench.workload.WorkloadRun.Plan;
import dev.iobus.bench.workload.WriteHistory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Runs one cell in this process: opens the subject, warms it up, measures, checks what is there in
/// the end. Confined to one thread.
final class CellRun {

  /// So many records may be inserted behind the loaded ones.
  private static final int INSERTS_MAX = 1_000_000;

  private final Cell cell;
  private final SubjectProvider provider;
  private final Records records;
  private final WriteHistory history;

  CellRun(Cell cell) {
    this(cell, Subjects.named(cell.subject()));
  }

  /// @param provider opens the subject of the cell
  CellRun(Cell cell, SubjectProvider provider) {
    this.cell = cell;
    this.provider = provider;
    this.records = cell.row().data().records();
    this.history = newHistory();
  }

  private WriteHistory newHistory() {
    int count = Math.toIntExact(records.count());
    WriteHistory made = new WriteHistory(count + INSERTS_MAX);
    if (cell.row().workload().preload() != Preload.EMPTY) {
      made.loaded(count);
    }
    return made;
  }

  /// Adds the run to `result`, or why it does not count.
  ///
  /// @throws MismatchException when the subject gave a wrong answer
  void run(ResultBuilder result) throws Exception {
    switch (cell.row().workload()) {
      case LOAD -> load();
      case CRASH -> crash();
      case OPEN_AFTER_CRASH -> openAfterCrash(result);
      default -> measure(result);
    }
  }

  private Path directory() {
    return Path.of(cell.directory());
  }

  private Workers workers(Pace pace) {
    return new Workers(
        cell.row().threads().kind(), cell.row().threads().count(), pace, Progress.none());
  }

  private Plan plan(long nanos, long operations, long seed) {
    Row row = cell.row();
    return new Plan(
        row.workload(), row.sync(), row.nexts(), row.distribution(), nanos, operations, seed);
  }

  private Plan measuredPlan() {
    return plan(cell.timing().nanos(), cell.timing().operations(), cell.seed());
  }

  private void load() throws Exception {
    Files.createDirectories(directory());
    try (Subject subject = provider.open(directory(), cell.settings())) {
      WorkloadRun loading =
          new WorkloadRun(
              plan(Long.MAX_VALUE / 100, 0, cell.seed()),
              subject,
              records,
              history,
              workers(Pace.CLOSED));
      loading.run();
      subject.compact();
      StoreCheck.run(subject, records, history);
    }
  }

  /// Leaves the subject open, with all records acknowledged.
  private void crash() throws Exception {
    Files.createDirectories(directory());
    Subject subject = provider.open(directory(), cell.settings());
    Plan plan = plan(Long.MAX_VALUE / 100, 0, cell.seed());
    new WorkloadRun(plan, subject, records, history, workers(Pace.CLOSED)).run();
  }

  private void openAfterCrash(ResultBuilder result) throws Exception {
    Counters before = Counters.now(directory());
    PeakMemory.reset();
    long from = System.nanoTime();
    try (Subject subject = provider.open(directory(), cell.settings())) {
      long nanos = System.nanoTime() - from;
      Counters used = Counters.now(directory()).since(before);
      Latencies latencies = new Latencies();
      latencies.record(nanos);
      Measurement measurement =
          new Measurement(1, records.count() * records.length(), nanos, latencies.toHistogram(),
              Series.NONE);
      StoreCheck.run(subject, records, history);
      result.fact("detail", subject.detail());
      result.add(used.addTo(run(measurement), measurement));
    }
  }

  private Run run(Measurement measurement) {
    return Run.of(cell.row().label(), cell.subject(), cell.round(), measurement)
        .with(Metric.RESIDENT_PEAK, PeakMemory.residentBytes())
        .with(Metric.HEAP_PEAK, PeakMemory.heapBytes());
  }

  private void measure(ResultBuilder result) throws Exception {
    Files.createDirectories(directory());
    if (cell.row().workload().preload() == Preload.EMPTY) {
      warmUpElsewhere();
    }
    Counters start;
    Measurement measurement;
    Run run;
    WorkloadRun measured;
    long live;
    double space;
    try (Subject subject = provider.open(directory(), cell.settings())) {
      result.fact("detail", subject.detail());
      if (cell.row().workload().preload() != Preload.EMPTY) {
        warmUp(subject);
      }
      measured =
          new WorkloadRun(
              measuredPlan(),
              subject,
              records,
              history,
              workers(new Pace(cell.timing().rate())));
      measured.prepare();
      double stallBefore = subject.stallNanos();
      boolean virtual = cell.row().threads().kind() == Workers.Kind.VIRTUAL;
      PinnedThreads pinned = virtual ? PinnedThreads.start() : null;
      PeakMemory.reset();
      start = Counters.now(directory());
      measurement = measured.run();
      Counters used = Counters.now(directory()).since(start);
      run = run(measurement).with(Metric.STALL, subject.stallNanos() - stallBefore);
      run = used.addTo(run, measurement);
      run = pinned == null ? run : run.with(Metric.PINNED, (double) pinned.stop());
      requireSyncs(used, measurement, result);
      // What was only read was checked as it was read.
      long present =
          cell.row().workload().preload() == Preload.LOADED
              ? records.count()
              : StoreCheck.run(subject, records, history);
      live = present * records.length();
      space = DiskUse.allocatedBytes(directory()) / (double) Math.max(1, live);
    }
    double written = ProcessCounters.now().bytesWritten() - start.process().bytesWritten();
    long userBytes = measured.bytesWritten();
    run =
        run.with(Metric.SPACE_AMPLIFICATION, space)
            .with(Metric.WRITE_AMPLIFICATION, userBytes == 0 ? Double.NaN : written / userBytes);
    result.add(cell.row().workload().hasLatencies() ? run : run.withoutLatencies());
  }

  /// A durable row in which the device flushed less often than groups of writers ended is no durable
  /// row.
  private void requireSyncs(Counters used, Measurement measurement, ResultBuilder result)
      throws IOException {
    Row row = cell.row();
    boolean onlyWrites = row.workload() == Workload.FILLSYNC || row.workload() == Workload.OVERWRITE;
    if (row.sync() == Sync.SYNCED && onlyWrites) {
      // Whether a store syncs with durable writes is its own affair, so both must be counted.
      FlushWitness.Verdict verdict =
          FlushWitness.calibrate(directory())
              .judge(
                  true,
                  measurement.operations(),
                  row.threads().count(),
                  used.device().flushes());
      if (verdict instanceof FlushWitness.Missing) {
        result.fail(cell.subject() + ", " + row.label() + ": " + verdict);
      }
    }
  }

  /// The compiler must have seen the code before it counts; on the same files, whose records stay
  /// known. A store whose data fits into its memory is read once as a whole.
  private void warmUp(Subject subject) throws Exception {
    Row row = cell.row();
    if (cell.timing().warmUpNanos() == 0) {
      return;
    }
    if (row.data().bytes() <= row.memoryBytes()) {
      StoreCheck.run(subject, records, history);
    }
    if (!row.workload().endsByItself()) {
      Plan plan = plan(cell.timing().warmUpNanos(), 0, ~cell.seed());
      new WorkloadRun(plan, subject, records, history, workers(Pace.CLOSED)).run();
    }
  }

  /// As [#warmUp], for a workload that begins with an empty store: on another one.
  private void warmUpElsewhere() throws Exception {
    if (cell.timing().warmUpNanos() == 0) {
      return;
    }
    Path scratch = Files.createTempDirectory(directory().getParent(), "warm-up-");
    try (Subject subject = provider.open(scratch, cell.settings())) {
      long nanos = cell.timing().warmUpNanos();
      if (cell.row().workload().endsByItself()) {
        nanos /= WorkloadRun.PATIENCE;
      }
      Plan plan = plan(nanos, 0, ~cell.seed());
      new WorkloadRun(plan, subject, records, newHistory(), workers(Pace.CLOSED)).run();
    } finally {
      DiskUse.remove(scratch);
    }
  }
}
