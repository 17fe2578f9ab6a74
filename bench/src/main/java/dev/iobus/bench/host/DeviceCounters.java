package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the block device under a directory has done for everybody
/// (Documentation/block/stat.rst of the kernel). Immutable; two of them are subtracted.
///
/// @param flushes requests that made the device's cache durable; NaN where the kernel does not
///     count them (before 5.5) or the directory lies on no block device
/// @param queueMillis time that requests spent in the queue and in the device, summed over them
/// @param atNanos when, on the clock of [System#nanoTime()]
public record DeviceCounters(double flushes, double queueMillis, long atNanos) {

  private static final Path DEVICES = Path.of("/sys/dev/block");
  private static final int QUEUE_TIME = 10;
  private static final int FLUSHES = 15;

  /// The file of counters of the disk that holds `directory`; a name of no file where there is none.
  public static Path fileFor(Path directory) throws IOException {
    Object number;
    try {
      number = Files.getAttribute(directory, "unix:dev");
    } catch (UnsupportedOperationException notUnix) {
      return DEVICES.resolve("none");
    }
    long device = (Long) number;
    Path entry = DEVICES.resolve(major(device) + ":" + minor(device));
    // Flushes of a partition are counted for its disk.
    return Files.exists(entry.resolve("partition"))
        ? entry.toRealPath().resolveSibling("stat")
        : entry.resolve("stat");
  }

  // gnu_dev_major(3): the number is split into four pieces.
  private static long major(long device) {
    return (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
  }

  private static long minor(long device) {
    return (device & 0xff) | (device >>> 12 & ~0xffL);
  }

  /// As of now.
  ///
  /// @param file what [#fileFor(Path)] gave
  public static DeviceCounters now(Path file) {
    List<String> lines = ProcFile.lines(file);
    long[] fields = lines.isEmpty() ? new long[0] : ProcFile.numbers(lines.getFirst());
    return new DeviceCounters(
        fields.length > FLUSHES ? fields[FLUSHES] : Double.NaN,
        fields.length > QUEUE_TIME ? fields[QUEUE_TIME] : Double.NaN,
        System.nanoTime());
  }

  /// What was done since `before`; its time is how long that took.
  public DeviceCounters since(DeviceCounters before) {
    return new DeviceCounters(
        flushes - before.flushes, queueMillis - before.queueMillis, atNanos - before.atNanos);
  }

  /// How many requests the device had at a time, on average; for a difference.
  public double queueDepth() {
    return queueMillis * 1e6 / atNanos;
  }
}
