package dev.iobus.storage.file;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// What the host says of the file system under a directory. The one place of this module that
/// asks past the bus; a host that cannot tell gets the cautious default.
///
/// @param type the file system's name, such as `ext4`; empty when unknown
/// @param physicalBlockBytes what the device writes as one unit: a power of two, 512 to 65,536;
///     512 when unknown
record FileSystemFacts(String type, int physicalBlockBytes) {

  private static final int BLOCK_MIN = 512;
  private static final int BLOCK_MAX = 65_536;

  static FileSystemFacts of(Path directory) {
    try {
      FileStore store = Files.getFileStore(directory);
      return new FileSystemFacts(
          store.type().toLowerCase(Locale.ROOT), physicalBlockBytes(store.name()));
    } catch (IOException e) {
      // The mount is hidden (a chroot, a container) or the path is no path of this host.
      return new FileSystemFacts("", BLOCK_MIN);
    }
  }

  /// Whether overwriting a block writes elsewhere, so that prewriting a file gains nothing.
  boolean isCopyOnWrite() {
    return switch (type) {
      case "btrfs", "zfs", "bcachefs" -> true;
      default -> false;
    };
  }

  /// From sysfs (Linux Documentation/ABI/stable/sysfs-block, queue/physical_block_size); the queue
  /// of a partition is its disk's.
  private static int physicalBlockBytes(String device) {
    if (!device.startsWith("/dev/")) {
      return BLOCK_MIN;
    }
    try {
      Path name = Path.of(device).toRealPath().getFileName();
      Path entry = Path.of("/sys/class/block").resolve(name).toRealPath();
      Path queue = entry.resolve("queue");
      if (!Files.isDirectory(queue)) {
        queue = entry.resolveSibling("queue");
      }
      int bytes =
          Integer.parseInt(Files.readString(queue.resolve("physical_block_size")).strip());
      boolean plausible = bytes >= BLOCK_MIN && bytes <= BLOCK_MAX && Integer.bitCount(bytes) == 1;
      return plausible ? bytes : BLOCK_MIN;
    } catch (IOException | NumberFormatException e) {
      return BLOCK_MIN;
    }
  }
}
