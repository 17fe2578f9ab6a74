package dev.iobus.storage.file;

import dev.iobus.HostProcess;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Which process holds a directory, as its lock file says in three lines of text. Information for
/// people, and for telling a live holder from a dead one; the lock itself is the kernel's.
final class LockHolder {

  /// Bytes that a record can take: two numbers and a host name of at most 253 characters.
  static final int BYTES_MAX = 512;

  private LockHolder() {}

  /// The process in the text of a lock file, or null when it names none: it was just created, or
  /// its process died before it wrote it.
  static @Nullable HostProcess parse(String text) {
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
      return new HostProcess(pid, start, lines[2].substring(5));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /// The text of a lock file that [#parse] reads.
  static String format(HostProcess holder) {
    return "pid " + holder.pid() + "\nstart " + holder.start() + "\nhost " + holder.host() + "\n";
  }

  /// For messages.
  static String describe(HostProcess holder) {
    String since =
        holder.start() == 0 ? "" : ", started " + Instant.ofEpochMilli(holder.start());
    return "process " + holder.pid() + " on host " + holder.host() + since;
  }
}
