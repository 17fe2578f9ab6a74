package dev.iobus.storage.file;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Which process holds a directory, as its lock file says in three lines of text. Information for
/// people, and for telling a live holder from a dead one; the lock itself is the kernel's.
///
/// @param pid process id on `host`
/// @param start when that process began, in milliseconds since 1970 UTC; 0 when unknown
/// @param host name of its machine or container
record LockHolder(long pid, long start, String host) {

  /// Bytes that a record can take: two numbers and a host name of at most 253 characters.
  static final int BYTES_MAX = 512;

  /// How far two processes may differ about the start of a third: Linux derives it from the
  /// boot time in /proc/stat, which follows clock adjustments (proc(5)).
  private static final Duration START_TOLERANCE = Duration.ofSeconds(5);

  /// This process.
  static LockHolder current() {
    ProcessHandle self = ProcessHandle.current();
    return new LockHolder(self.pid(), startOf(self), hostName());
  }

  /// The record in the text of a lock file, or null when it holds none: it was just created, or
  /// its process died before it wrote it.
  static @Nullable LockHolder parse(String text) {
    String[] lines = text.split("\n", -1);
    if (lines.length < 4
        || !lines[0].startsWith("pid ")
        || !lines[1].startsWith("start ")
        || !lines[2].startsWith("host ")) {
      return null;
    }
    try {
      long pid = Long.parseLong(lines[0].substring(4));
      long start = Long.parseLong(lines[1].substring(6));
      return new LockHolder(pid, start, lines[2].substring(5));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /// The text of a lock file that [#parse] reads.
  String format() {
    return "pid " + pid + "\nstart " + start + "\nhost " + host + "\n";
  }

  /// Whether the process is known to have ended: same host, and no such process or one that began
  /// at another time. A process of another host is never known to be gone.
  boolean isGone(LockHolder self) {
    if (!host.equals(self.host)) {
      return false;
    }
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    if (process.isEmpty() || !process.get().isAlive()) {
      return true;
    }
    long found = startOf(process.get());
    boolean known = found != 0 && start != 0;
    return known && Math.abs(found - start) > START_TOLERANCE.toMillis();
  }

  /// For messages.
  String describe() {
    String since = start == 0 ? "" : ", started " + Instant.ofEpochMilli(start);
    return "process " + pid + " on host " + host + since;
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
}
