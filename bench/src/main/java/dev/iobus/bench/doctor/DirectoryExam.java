package dev.iobus.bench.doctor;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.bench.host.DeviceQueue;
import dev.iobus.bench.host.FlushWitness;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.wal.RawFile;
import dev.iobus.bench.wal.RawMethod;
import dev.iobus.bench.wal.RawWrites;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// The file system of a directory, the device under it, and how long a durable write takes there.
final class DirectoryExam {

  private static final long FILE_BYTES = 16 << 20;
  private static final long LOG_MEMORY_BYTES = 8 << 20;

  /// The part of a measurement's time that it warms up before.
  private static final long WARM_UP_PART = 5;

  /// Faster than any device that has something to wait for.
  private static final double IMPLAUSIBLE_NANOS = 5_000;

  private DirectoryExam() {}

  /// @param directory empty, of this exam's own
  /// @param nanos how long each way to write is measured
  static void examine(Diagnosis diagnosis, Path directory, long nanos) throws Exception {
    String type = Files.getFileStore(directory).type();
    diagnosis.fact("file system", type);
    FileSystemKind kind = FileSystemKind.of(type);
    String danger = kind.danger();
    if (danger != null) {
      diagnosis.warn(type + " " + danger + ": choose a directory on a local disk with --dir");
    }
    direct(diagnosis, directory.resolve("direct"));
    device(diagnosis, DeviceQueue.of(directory));
    diagnosis.fact("flush counter", FlushWitness.calibrate(directory).describe());
    RawFile file = RawFile.create(directory.resolve("blocks"), FILE_BYTES);
    double fastest = Double.MAX_VALUE;
    for (RawMethod method : RawMethod.values()) {
      if (method.isDurable()) {
        fastest = Math.min(fastest, latency(diagnosis, file, method, nanos));
      }
    }
    if (kind != FileSystemKind.MEMORY) {
      judge(diagnosis, fastest);
    }
  }

  private static void direct(Diagnosis diagnosis, Path directory) {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory data = DataDirectory.open(bus, directory)) {
      int alignment = data.directAlignment();
      diagnosis.fact(
          "direct I/O",
          alignment == 0
              ? "not possible"
              : "possible, alignment " + alignment + " bytes, log blocks of " + data.blockSize());
      if (alignment == 0) {
        diagnosis.warn(
            "no direct I/O here, so reads and the log go through the page cache: choose another"
                + " file system with --dir, such as ext4 or xfs on a disk");
      }
      log(diagnosis, data);
      if (data.isCopyOnWrite()) {
        diagnosis.warn(
            "this file system writes overwritten blocks elsewhere, so the log cannot prepare its"
                + " files: choose another one with --dir, such as ext4 or xfs");
      }
    } catch (IOException e) {
      diagnosis.warn("the directory cannot hold a store: " + e.getMessage() + "; choose another");
    }
  }

  /// What a log chooses here when it is opened, and why.
  private static void log(Diagnosis diagnosis, DataDirectory data) throws IOException {
    try (Wal log =
        Wal.open(
            data,
            WalOptions.defaults(),
            WalStart.NEW,
            new MemoryBudget(LOG_MEMORY_BYTES),
            (lsn, end, payload) -> {})) {
      diagnosis.fact("log append", log.primitive());
    }
  }

  private static void device(Diagnosis diagnosis, DeviceQueue queue) {
    diagnosis.fact(
        "device",
        queue.device().isEmpty()
            ? "no block device that the kernel tells of"
            : queue.device()
                + ", rotational "
                + queue.rotational()
                + ", FUA "
                + queue.fua()
                + ", cache "
                + queue.writeCache()
                + ", scheduler "
                + queue.scheduler()
                + ", requests "
                + queue.requests());
  }

  /// The median latency in nanoseconds; [Double#MAX_VALUE] where the method does not work.
  private static double latency(Diagnosis diagnosis, RawFile file, RawMethod method, long nanos)
      throws Exception {
    try (RawWrites writes = new RawWrites(file, method)) {
      writes.runFor(nanos / WARM_UP_PART, Progress.none());
      Measurement m = writes.runFor(nanos, Progress.none());
      double p50 = m.nanosAt(50);
      diagnosis.fact(
          method.subject(),
          String.format(
              Locale.ROOT,
              "p50 %,.0f us, p99 %,.0f us, %,.0f/s",
              p50 / 1e3,
              m.nanosAt(99) / 1e3,
              m.operationsPerSecond()));
      return p50;
    } catch (IOException | UnsupportedOperationException e) {
      diagnosis.fact(method.subject(), "not possible: " + e.getMessage());
      return Double.MAX_VALUE;
    }
  }

  /// @param nanos what the fastest durable write takes
  static void judge(Diagnosis diagnosis, double nanos) {
    if (nanos < IMPLAUSIBLE_NANOS) {
      diagnosis.warn(
          String.format(
              Locale.ROOT,
              "a durable write takes %.1f us, less than any device needs: nothing is waited for, so"
                  + " nothing is durable here; choose a directory on a disk with --dir, mounted"
                  + " with barriers",
              nanos / 1e3));
    }
  }
}
