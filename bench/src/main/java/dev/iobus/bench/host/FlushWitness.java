package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the flush counter of the block device can say about syncs. Immutable.
///
/// A sync that is worth its name makes the device flush its cache, and the kernel counts that. One
/// sync covers at most one record of each waiting thread, so `n` records that were acknowledged to
/// `t` threads took at least `n / t` of them. The counter is the device's: syncs of other processes
/// are in it too, so it can prove that syncs are missing, and never quite that they were ours.
///
/// Not every device counts, so the witness is first asked about syncs of which nobody doubts.
///
/// @param silence why the counter says nothing of any sync; null when it does
/// @param dsyncSilence why it says nothing of durable writes, which some devices do without a
///     flush; null when it does
public record FlushWitness(@Nullable String silence, @Nullable String dsyncSilence) {

  private static final int TRIALS = 16;
  private static final int BLOCK_BYTES = 4_096;

  /// Counters are read shortly before and after a run, whose last flush may come between.
  private static final double TOLERANCE = 0.9;

  /// What the witness says of a run.
  public sealed interface Verdict {}

  /// The device flushed often enough.
  ///
  /// @param flushes that it did
  /// @param least that the acknowledgements needed
  public record Enough(double flushes, double least) implements Verdict {

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%,.0f flushes, at least %,.0f needed", flushes, least);
    }
  }

  /// Something was acknowledged without a sync.
  ///
  /// @param flushes that the device did
  /// @param least that the acknowledgements needed
  public record Missing(double flushes, double least) implements Verdict {

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "acknowledged without a sync: the device did %,.0f flushes, expected at least %,.0f",
          flushes,
          least);
    }
  }

  /// The device does not tell.
  public record NotCheckable(String why) implements Verdict {

    @Override
    public String toString() {
      return "not checkable: " + why;
    }
  }

  /// Asks the counter about syncs of a file in `directory`, which is removed again.
  public static FlushWitness calibrate(Path directory) throws IOException {
    Path counters = DeviceCounters.fileFor(directory);
    Path file = Files.createTempFile(directory, "flushes-", "");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
      // The first sync also makes the file itself known.
      sync(channel, block);
      double before = DeviceCounters.now(counters).flushes();
      for (int i = 0; i < TRIALS; i++) {
        sync(channel, block);
      }
      double flushes = DeviceCounters.now(counters).flushes() - before;
      return of(DeviceQueue.of(directory), flushes);
    } finally {
      Files.delete(file);
    }
  }

  private static void sync(FileChannel channel, ByteBuffer block) throws IOException {
    channel.write(block.clear(), 0);
    channel.force(false);
  }

  /// For reports.
  public String describe() {
    if (silence != null) {
      return "of no use: " + silence;
    }
    return dsyncSilence == null ? "counts every sync" : "counts fdatasync; " + dsyncSilence;
  }

  /// @param flushes how often the device flushed for [#TRIALS] syncs; NaN when it does not count
  static FlushWitness of(DeviceQueue queue, double flushes) {
    if (Double.isNaN(flushes)) {
      String why = "the directory lies on no block device whose flushes are counted";
      return new FlushWitness(why, why);
    }
    if (flushes < TRIALS * TOLERANCE) {
      String why =
          String.format(
              Locale.ROOT,
              "%d fdatasyncs moved the flush counter of the device by %.0f only%s",
              TRIALS,
              flushes,
              queue.hasVolatileCache() ? "" : "; it says that it has no volatile cache");
      return new FlushWitness(why, why);
    }
    return new FlushWitness(
        null,
        queue.hasForceUnitAccess()
            ? "the device makes single writes durable without a flush (FUA)"
            : null);
  }

  /// What is to be thought of a run.
  ///
  /// @param dsync whether its syncs were durable writes rather than fdatasync
  /// @param operations that were acknowledged as durable
  /// @param threads that waited for them
  /// @param flushes that the device did meanwhile
  public Verdict judge(boolean dsync, long operations, int threads, double flushes) {
    String why = dsync ? dsyncSilence : silence;
    if (why != null) {
      return new NotCheckable(why);
    }
    double least = (double) operations / threads * TOLERANCE;
    return flushes >= least ? new Enough(flushes, least) : new Missing(flushes, least);
  }
}
