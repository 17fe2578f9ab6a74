package dev.iobus.proof;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Fuzzes a target with Jazzer, in a JVM of its own. Jazzer must be on the class path, which the
/// profile `fuzz` sees to. Stateless.
public final class JazzerRun {

  private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in (\\d+) second");
  private static final int KEPT_MAX = 60;

  private JazzerRun() {}

  /// Fuzzes for so many seconds; what it has learned stays in `target/fuzz` and, the smallest of it,
  /// goes to the test resources.
  ///
  /// @return how many times the target was run
  /// @throws AssertionError on a finding, with what Jazzer says of it
  public static long run(Class<? extends FuzzTarget> type, int seconds) throws Exception {
    Path work = Path.of("target", "fuzz", type.getSimpleName()).toAbsolutePath();
    Path corpus = Files.createDirectories(work.resolve("corpus"));
    int number = 0;
    List<byte[]> known = new ArrayList<>(type.getConstructor().newInstance().seeds());
    known.addAll(Corpus.read(type));
    for (byte[] input : known) {
      Files.write(corpus.resolve("known-" + number++), input);
    }
    long runs = jazzer(type, work, List.of("-max_total_time=" + seconds, corpus.toString()));
    Path merged = work.resolve("merged");
    Files.createDirectories(merged);
    try (Stream<Path> old = Files.list(merged)) {
      for (Path file : old.toList()) {
        Files.delete(file);
      }
    }
    jazzer(type, work, List.of("-merge=1", merged.toString(), corpus.toString()));
    Path resources = Path.of("src", "test", "resources");
    Path home = resources.resolve(type.getPackageName().replace('.', '/'));
    Corpus.write(home.resolve(Corpus.fileName(type)), merged, KEPT_MAX);
    System.out.printf(
        Locale.ROOT, "%-20s %,12d runs %,9d a second%n",
        type.getSimpleName(), runs, runs / Math.max(1, seconds));
    return runs;
  }

  private static long jazzer(Class<?> type, Path work, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "nice", "-n", "19",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx1g", "-ea", "-XX:+EnableDynamicAgentLoading",
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
            "-cp", System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + type.getName(),
            "--instrumentation_includes=dev.iobus.**",
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.**",
            "-timeout=20", "-rss_limit_mb=3000", "-max_len=65536", "-print_final_stats=1"));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).directory(work.toFile()).redirectErrorStream(true).start();
    StringBuilder output = new StringBuilder();
    long runs = 0;
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.append(line).append('\n');
        Matcher done = DONE.matcher(line);
        runs = done.find() ? Long.parseLong(done.group(1)) : runs;
      }
    }
    if (process.waitFor() != 0) {
      int from = Math.max(0, output.length() - 8000);
      throw new AssertionError(type.getName() + ": " + output.substring(from));
    }
    return runs;
  }
}
