package dev.iobus;

import dev.iobus.backend.LockedMemory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// Asks the JDK, and Linux past it. Where nobody tells, the cautious default.
///
/// Thread-safe.
final class SystemHostFacts implements HostFacts {

  static final HostFacts INSTANCE = new SystemHostFacts();

  /// How far two processes may differ about the start of a third: Linux derives it from the
  /// boot time in /proc/stat, which follows clock adjustments (proc(5)).
  private static final Duration START_TOLERANCE = Duration.ofSeconds(5);

  private static final int BLOCK_MIN = 512;
  private static final int BLOCK_MAX = 65_536;

  private SystemHostFacts() {}

  @Override
  public HostProcess process() {
    ProcessHandle self = ProcessHandle.current();
    return new HostProcess(self.pid(), startOf(self), hostName());
  }

  /// No such process, or one that began at another time.
  @Override
  public boolean hasEnded(HostProcess process) {
    if (!process.host().equals(hostName())) {
      return false;
    }
    Optional<ProcessHandle> handle = ProcessHandle.of(process.pid());
    if (handle.isEmpty() || !handle.get().isAlive()) {
      return true;
    }
    long found = startOf(handle.get());
    boolean known = found != 0 && process.start() != 0;
    return known && Math.abs(found - process.start()) > START_TOLERANCE.toMillis();
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static String hostName() {
    try {
      // No name service is asked where the kernel tells (proc(5), /proc/sys/kernel/hostname).
      return clean(Files.readString(Path.of("/proc/sys/kernel/hostname")));
    } catch (IOException e) {
      try {
        return clean(InetAddress.getLocalHost().getHostName());
      } catch (UnknownHostException unnamed) {
        return "unknown";
      }
    }
  }

  private static String clean(String name) {
    String line = name.strip().replaceAll("[^A-Za-z0-9._-]", "_");
    return line.length() > 253 ? line.substring(0, 253) : line;
  }

  @Override
  public FileSystemFacts fileSystem(Path directory) {
    try {
      FileStore store = Files.getFileStore(directory);
      return new FileSystemFacts(
          store.type().toLowerCase(Locale.ROOT), physicalBlockBytes(store.name()));
    } catch (IOException e) {
      // The mount is hidden (a chroot, a container) or the path is no path of this host.
      return new FileSystemFacts("", BLOCK_MIN);
    }
  }

  @Override
  public long lockedBytesMax() {
    return LockedMemory.bytesMax();
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
