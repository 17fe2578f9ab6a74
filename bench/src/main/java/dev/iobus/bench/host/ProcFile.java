package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// The small text files in which Linux tells its counters (proc(5), sysfs(5)). A file that is
/// absent or unreadable has no lines.
final class ProcFile {

  private ProcFile() {}

  /// All lines, none where the host has no such file.
  static List<String> lines(Path file) {
    if (!Files.isReadable(file)) {
      return List.of();
    }
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      // Some of these files refuse to be read while they exist, for example in a container.
      return List.of();
    }
  }

  /// The whole numbers of a line, separated by blanks; what is no number ends them.
  static long[] numbers(String line) {
    String[] words = line.strip().split("\\s+");
    long[] numbers = new long[words.length];
    for (int i = 0; i < words.length; i++) {
      if (!words[i].matches("-?\\d+")) {
        return Arrays.copyOf(numbers, i);
      }
      numbers[i] = Long.parseLong(words[i]);
    }
    return numbers;
  }

  /// The number behind `name:` in a file of such lines; NaN when there is none.
  static double valueOf(Path file, String name) {
    String prefix = name + ":";
    for (String line : lines(file)) {
      if (line.startsWith(prefix)) {
        long[] numbers = numbers(line.substring(prefix.length()));
        return numbers.length == 0 ? Double.NaN : numbers[0];
      }
    }
    return Double.NaN;
  }
}
