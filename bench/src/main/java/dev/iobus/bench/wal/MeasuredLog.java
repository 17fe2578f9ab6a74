package dev.iobus.bench.wal;

import dev.iobus.SharedBus;
import dev.iobus.bench.command.Threads;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.Counters;
import dev.iobus.bench.result.Run;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.RecordConsumer;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import dev.iobus.storage.wal.WalStats;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// The log under test, which all runs use one after the other. It begins with some segments that
/// were full once and are free again, as those of a store that has worked for a while: else a run
/// would measure how segments are made. Confined to one thread.
///
/// A run opens the log, warms up, releases what that took, measures, and closes; then it opens the
/// log again and looks for every record that was acknowledged and not released. Segments still hold
/// records of earlier runs, none of which may come back.
final class MeasuredLog implements AutoCloseable {

  /// What a run gave.
  ///
  /// @param run its numbers
  /// @param records that the log gave back
  /// @param before what the log had done when the run began
  /// @param after what it had done at the end
  record Outcome(Run run, long records, WalStats before, WalStats after) {

    /// Whether a record was made durable by one write, rather than by a write and fdatasync.
    boolean usesDsync() {
      return !after.primitive().startsWith("direct write + fdatasync")
          && !after.primitive().startsWith("buffered write + fdatasync");
    }

    /// Records that shared one write, on average; NaN when none was written.
    double groupRecords() {
      long groups = after.groups() - before.groups();
      return groups == 0 ? Double.NaN : (double) (after.records() - before.records()) / groups;
    }

    /// The part of the groups that were written while another was in flight.
    double overlappedShare() {
      long groups = after.groups() - before.groups();
      return groups == 0
          ? 0
          : (double) (after.overlappedGroups() - before.overlappedGroups()) / groups;
    }

    long segmentsMade() {
      return after.segmentsCreated() - before.segmentsCreated();
    }
  }

  static final String SUBJECT = "wal";

  private static final long MEMORY_BYTES = 16 << 20;
  private static final int SEGMENTS = 4;
  private static final int FILLER_BYTES = 32 << 10;

  private final DataDirectory directory;
  private final Path device;
  private final WalSettings settings;
  private final Progress progress;

  /// Where the next run begins.
  private WalStart start = WalStart.NEW;

  /// The last number that was given to records of a run.
  private int lastRun;

  private MeasuredLog(
      DataDirectory directory, Path device, WalSettings settings, Progress progress) {
    this.directory = directory;
    this.device = device;
    this.settings = settings;
    this.progress = progress;
  }

  /// Makes the log and its segments.
  ///
  /// @param path where it will lie
  /// @param device any directory on the device that is asked what it did
  static MeasuredLog create(
      SharedBus bus, Path path, Path device, WalSettings settings, Progress progress)
      throws Exception {
    DataDirectory directory = DataDirectory.open(bus, path);
    boolean made = false;
    try {
      MeasuredLog log = new MeasuredLog(directory, device, settings, progress);
      log.fill();
      made = true;
      return log;
    } finally {
      if (!made) {
        directory.close();
      }
    }
  }

  /// Appends until some segments were used, and forgets it.
  private void fill() throws Exception {
    MemorySegment filler = MemorySegment.ofArray(new byte[FILLER_BYTES]);
    try (Wal wal = open(settings.durability(), new RecoveredRecords(0, 0, 0, true))) {
      while (wal.stats().bytes() < (long) SEGMENTS * settings.segmentBytes()) {
        wal.append(filler, Durability.WRITTEN);
      }
      wal.sync();
      start = new WalStart(wal.tail(), 0);
    }
  }

  /// One run.
  ///
  /// @throws MismatchException when an acknowledged record is not there, or one is that must not
  Outcome run(String workload, int round, Durability durability, Threads threads)
      throws Exception {
    Run run;
    Appends measured;
    WalStats before;
    WalStats after;
    RecoveredRecords nothing = new RecoveredRecords(lastRun, 0, 0, true);
    try (Wal wal = open(durability, nothing)) {
      nothing.finish(new long[0]);
      appends(wal, durability, threads).runFor(settings.warmUpNanos(), Progress.none());
      wal.sync();
      start = new WalStart(wal.tail(), 0);
      wal.release(start.lsn());
      measured = appends(wal, durability, threads);
      before = wal.stats();
      Counters counted = Counters.now(device);
      Measurement m = measured.runFor(settings.nanos(), progress);
      run =
          Counters.now(device)
              .since(counted)
              .addTo(Run.of(workload, SUBJECT, round, m), m);
      after = wal.stats();
    }
    boolean whole = measured.heldFrom() == start.lsn();
    start = new WalStart(measured.heldFrom(), 0);
    RecoveredRecords recovered =
        new RecoveredRecords(lastRun, threads.count(), settings.recordBytes(), whole);
    // Without a mark below which all must be there: a loss is to be found here, and not only by the
    // log itself.
    try (Wal wal = open(durability, recovered)) {
      start = new WalStart(wal.tail(), 0);
    }
    return new Outcome(run, recovered.finish(measured.acknowledged()), before, after);
  }

  private Appends appends(Wal wal, Durability durability, Threads threads) {
    lastRun++;
    return new Appends(
        wal, durability, threads, lastRun, settings.recordBytes(), settings.segmentBytes());
  }

  private Wal open(Durability durability, RecordConsumer consumer)
      throws IOException, MismatchException {
    WalOptions options =
        WalOptions.defaults()
            .withDurability(durability)
            .withSegmentBytes(settings.segmentBytes(), settings.segmentBytes());
    try {
      return Wal.open(directory, options, start, new MemoryBudget(MEMORY_BYTES), consumer);
    } catch (CorruptionException e) {
      throw new MismatchException("the log cannot be read again: " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    directory.close();
  }
}
