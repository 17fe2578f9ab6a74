package dev.iobus.storage.file;

import dev.iobus.HostProcess;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Which process holds a directory, as its lock file says in three lines of text. Information for
/// people, and for telling a live holder from a dead one; the lock itself is the kernel's.
final class LockHolder {

  /// Bytes that a record can take: two numbers and a host name of at most 253 characters.
  static final int BYTES_MAX = 512;

  /// Bytes of the shortest record.
  private static final int BYTES_MIN = "pid 1\nstart 0\nhost h\n".length();

  private static final String[] LINES = {"pid ", "\nstart ", "\nhost "};

  /// What bytes become that are no UTF-8.
  private static final char UNDECODABLE = '\uFFFD';

  private LockHolder() {}

  /// Whether a file of that content is a lock's, which may be written over: it is empty, as it is
  /// left by who gives the lock back; it holds a record, as it is left by who was killed; or it is
  /// what a loss of power, or a bad disk, made of one: most of it, or as many bytes that are no
  /// text.
  ///
  /// @param bytes the whole file, or more than [#BYTES_MAX] of it
  static boolean isLock(byte[] bytes) {
    if (bytes.length == 0) {
      return true;
    }
    if (bytes.length < BYTES_MIN || bytes.length > BYTES_MAX) {
      return false;
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    int lines = 0;
    for (String line : LINES) {
      lines += text.contains(line) ? 1 : 0;
    }
    return lines > 1 || text.chars().anyMatch(c -> c < '\t' || c == UNDECODABLE);
  }

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
