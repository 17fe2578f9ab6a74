package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A control group that bounds the memory of a child process, the page cache that it fills
/// included (cgroups(7), version 2 and version 1). Confined to one thread.
public final class MemoryCgroup implements AutoCloseable {

  private static final Path ROOT = Path.of("/sys/fs/cgroup");
  private static final Path OWN = Path.of("/proc/self/cgroup");
  private static final String PREFIX = "iobus-bench-";
  private static final int REMOVE_TRIES = 50;
  private static final int REMOVE_PAUSE_MILLIS = 10;

  /// The names of the same things in the two versions.
  private enum Names {
    V2("memory.max", "memory.peak", "memory.events", "anon "),
    V1("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control", "rss ");

    private final String limit;
    private final String peak;
    private final String events;
    private final String anonymous;

    Names(String limit, String peak, String events, String anonymous) {
      this.limit = limit;
      this.peak = peak;
      this.events = events;
      this.anonymous = anonymous;
    }
  }

  private final Path group;
  private final Names names;
  private boolean peakKnown = true;

  private MemoryCgroup(Path group, Names names) {
    this.group = group;
    this.names = names;
  }

  /// A new group below the one of this process; null where that is not permitted.
  ///
  /// @param bytes the most that its processes may have together
  public static @Nullable MemoryCgroup create(long bytes) {
    for (String line : ProcFile.lines(OWN)) {
      // "4:memory:/path" in version 1, "0::/path" in version 2.
      String[] fields = line.split(":", 3);
      if (fields.length < 3) {
        continue;
      }
      boolean first = List.of(fields[1].split(",")).contains("memory");
      boolean second = fields[0].equals("0") && Files.exists(ROOT.resolve("cgroup.controllers"));
      if (first || second) {
        Path parent = (first ? ROOT.resolve("memory") : ROOT).resolve(fields[2].substring(1));
        MemoryCgroup made = create(parent, first ? Names.V1 : Names.V2, bytes);
        if (made != null) {
          return made;
        }
      }
    }
    return null;
  }

  private static @Nullable MemoryCgroup create(Path parent, Names names, long bytes) {
    Path group = parent.resolve(PREFIX + ProcessHandle.current().pid() + "-" + System.nanoTime());
    try {
      Files.createDirectory(group);
    } catch (IOException notPermitted) {
      return null;
    }
    try {
      write(group.resolve(names.limit), Long.toString(bytes));
      return new MemoryCgroup(group, names);
    } catch (IOException notPermitted) {
      group.toFile().delete();
      return null;
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardOpenOption.WRITE);
  }

  /// `command` as a shell command that first enters the group.
  ///
  /// @param command a program and its arguments
  public List<String> enter(List<String> command) {
    List<String> whole = new ArrayList<>();
    whole.addAll(
        List.of("/bin/sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", procs().toString()));
    whole.addAll(command);
    return whole;
  }

  private Path procs() {
    return group.resolve("cgroup.procs");
  }

  /// Sets the most that its processes may have together; pages of files go to make room.
  ///
  /// @throws IOException when they need more than that
  public void limit(long bytes) throws IOException {
    write(group.resolve(names.limit), Long.toString(bytes));
  }

  /// What its processes have now beside pages of files; NaN where not known.
  public double anonymousBytes() {
    for (String line : ProcFile.lines(group.resolve("memory.stat"))) {
      if (line.startsWith(names.anonymous)) {
        return Double.parseDouble(line.substring(names.anonymous.length()));
      }
    }
    return Double.NaN;
  }

  /// Forgets the peak so far; where the kernel keeps it, there is no peak from now on.
  public void resetPeak() {
    try {
      write(group.resolve(names.peak), "0");
    } catch (IOException notPermitted) {
      peakKnown = false;
    }
    // Version 2 resets it for the one open file only.
    peakKnown &= names == Names.V1;
  }

  /// The most that its processes have had since the last reset; NaN where not known.
  public double peakBytes() {
    if (!peakKnown) {
      return Double.NaN;
    }
    List<String> lines = ProcFile.lines(group.resolve(names.peak));
    return lines.isEmpty() ? Double.NaN : Double.parseDouble(lines.getFirst());
  }

  /// Whether the kernel killed a process of the group for lack of memory.
  public boolean hasKilled() {
    for (String line : ProcFile.lines(group.resolve(names.events))) {
      if (line.startsWith("oom_kill ")) {
        return !line.endsWith(" 0");
      }
    }
    return false;
  }

  /// Removes the group; its processes have ended.
  @Override
  public void close() {
    try {
      for (int i = 0; i < REMOVE_TRIES && !group.toFile().delete() && Files.exists(group); i++) {
        Thread.sleep(REMOVE_PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
