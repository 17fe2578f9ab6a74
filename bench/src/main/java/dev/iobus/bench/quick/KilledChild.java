package dev.iobus.bench.quick;

import dev.iobus.bench.subject.StoreSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs a [CrashChild], kills it with SIGKILL and keeps what it had acknowledged. Immutable.
///
/// @param acknowledged for each writer how many steps the parent was told
/// @param nanos from the first acknowledgement to the kill
record KilledChild(int[] acknowledged, long nanos) {

  private static final Pattern ACKNOWLEDGEMENT = Pattern.compile("A (\\d+) (\\d+);");

  /// Starts a child on `directory`, lets it write for `millis` after its first acknowledgement,
  /// and kills it.
  ///
  /// @throws IOException when the child could not start, or ended by itself
  static KilledChild run(
      Path directory, StoreSettings settings, int round, int writers, long millis)
      throws IOException, InterruptedException {
    Process process = start(directory, settings, round, writers);
    int[] acknowledged = new int[writers];
    try (BufferedReader lines = process.inputReader()) {
      String line = lines.readLine();
      long from = System.nanoTime();
      if (line == null) {
        throw new IOException(
            "the child ended with status " + process.waitFor() + " before it wrote anything");
      }
      Thread killer =
          Thread.ofPlatform().name("killer").daemon().start(() -> killAfter(process, millis));
      long last = from;
      while (line != null) {
        Matcher matcher = ACKNOWLEDGEMENT.matcher(line);
        // The last line may be cut by the kill.
        if (matcher.matches()) {
          acknowledged[Integer.parseInt(matcher.group(1))] = Integer.parseInt(matcher.group(2));
        }
        last = System.nanoTime();
        line = lines.readLine();
      }
      if (System.nanoTime() - from < millis * 1_000_000) {
        throw new IOException(
            "the child ended by itself with status " + process.waitFor() + "; see its message");
      }
      killer.join();
      return new KilledChild(acknowledged, Math.max(1, last - from));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /// The steps of all writers together.
  long sum() {
    long sum = 0;
    for (int count : acknowledged) {
      sum += count;
    }
    return sum;
  }

  private static Process start(Path directory, StoreSettings settings, int round, int writers)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Xmx256m");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CrashChild.class.getName());
    command.addAll(List.of(CrashChild.arguments(directory, settings, round, writers)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /// On Linux and macOS this is SIGKILL: the child runs no more code of its own. Through the handle,
  /// because Process.destroyForcibly also closes the pipe, with what the child had acknowledged.
  private static void killAfter(Process process, long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.toHandle().destroyForcibly();
  }
}
