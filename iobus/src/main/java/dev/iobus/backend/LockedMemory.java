package dev.iobus.backend;

/// How much memory this process may lock: `RLIMIT_MEMLOCK` of getrlimit(2). Rings and what they
/// register count as locked, those of all processes of the user together. Known on Linux, from
/// proc(5).
public final class LockedMemory {

  /// capabilities(7), `linux/capability.h`.
  private static final int CAP_IPC_LOCK = 14;

  private LockedMemory() {}

  /// The most bytes; [Long#MAX_VALUE] where no limit counts for this process, or none is known.
  public static long bytesMax() {
    long limit = limitBytes();
    return limit < 0 || isPrivileged() ? Long.MAX_VALUE : limit;
  }

  /// The soft limit in bytes; −1 for unlimited or unknown.
  static long limitBytes() {
    return limitIn(ProcFile.read("/proc/self/limits"));
  }

  /// Whether the limit does not count for this process.
  static boolean isPrivileged() {
    return isPrivilegedIn(ProcFile.read("/proc/self/status"));
  }

  static long limitIn(String limits) {
    String words = lineOf("Max locked memory", limits);
    if (words.isEmpty()) {
      return -1;
    }
    String soft = words.split("\\s+")[0];
    return soft.equals("unlimited") ? -1 : Long.parseLong(soft);
  }

  static boolean isPrivilegedIn(String status) {
    String effective = lineOf("CapEff:", status);
    return !effective.isEmpty()
        && (Long.parseUnsignedLong(effective, 16) >>> CAP_IPC_LOCK & 1) != 0;
  }

  /// What follows a name at the beginning of a line; empty where there is no such line.
  private static String lineOf(String name, String text) {
    for (String line : text.split("\n")) {
      if (line.startsWith(name)) {
        return line.substring(name.length()).strip();
      }
    }
    return "";
  }
}
