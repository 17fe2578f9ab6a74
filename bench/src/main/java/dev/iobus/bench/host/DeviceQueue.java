package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the kernel says of the request queue of a block device
/// (Documentation/ABI/stable/sysfs-block of the kernel). Immutable; what is not known is empty.
///
/// @param device its name, such as `nvme0n1`
/// @param rotational `1` for a disk that turns, or for one that does not say
/// @param fua `1` if the device has writes that are durable one by one (force unit access)
/// @param writeCache `write back` if it holds writes that only a flush makes durable
/// @param scheduler who orders its requests
/// @param requests how many can be queued
public record DeviceQueue(
    String device,
    String rotational,
    String fua,
    String writeCache,
    String scheduler,
    String requests) {

  private static final String WRITE_BACK = "write back";

  /// The queue of the disk that holds `directory`; all empty where there is none.
  public static DeviceQueue of(Path directory) throws IOException {
    Path queue = DeviceCounters.fileFor(directory).resolveSibling("queue");
    if (!Files.isDirectory(queue)) {
      return new DeviceQueue("", "", "", "", "", "");
    }
    Path device = queue.toRealPath().getParent();
    return new DeviceQueue(
        device == null ? "" : String.valueOf(device.getFileName()),
        read(queue.resolve("rotational")),
        read(queue.resolve("fua")),
        read(queue.resolve("write_cache")),
        chosen(read(queue.resolve("scheduler"))),
        read(queue.resolve("nr_requests")));
  }

  /// Whether the kernel has to flush the device for a sync.
  boolean hasVolatileCache() {
    return writeCache.equals(WRITE_BACK);
  }

  /// Whether one durable write can do without a flush.
  boolean hasForceUnitAccess() {
    return fua.equals("1");
  }

  /// The one in brackets: `[mq-deadline] none`.
  static String chosen(String schedulers) {
    int open = schedulers.indexOf('[');
    int close = schedulers.indexOf(']', open);
    return open < 0 || close < 0 ? schedulers : schedulers.substring(open + 1, close);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException notTold) {
      return "";
    }
  }
}
