package dev.iobus.kv.proof;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Starts JVMs of the kind that runs the test, on the same class path, with [StoreChild] as their
/// main class.
final class Children {

  private static final long TOOL_SECONDS = 20;

  private Children() {}

  /// Starts a child that a test will kill or wait for; see [Child].
  ///
  /// @param arguments of [StoreChild#main]
  static Child start(String... arguments) throws IOException {
    return new Child(new ProcessBuilder(command(List.of(), arguments)).start());
  }

  /// What a process that ended by itself has left.
  record Outcome(int exitCode, String output, String errors) {

    /// The value of the line `name=value` of the output.
    String value(String name) {
      return output
          .lines()
          .filter(line -> line.startsWith(name + "="))
          .map(line -> line.substring(name.length() + 1))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no line " + name + "=… in " + this));
    }
  }

  /// Runs a child to its end under another command, such as `prlimit`.
  ///
  /// @param prefix the command and its arguments, to which the JVM's are appended; may be empty
  /// @throws AssertionError when it has not ended after `seconds`
  static Outcome run(int seconds, List<String> prefix, String... arguments)
      throws IOException, InterruptedException {
    return run(seconds, command(prefix, arguments));
  }

  /// Runs a tool of the host to its end; exit code 127 when there is no such tool.
  static Outcome tool(String... command) throws IOException, InterruptedException {
    try {
      return run((int) TOOL_SECONDS, List.of(command));
    } catch (IOException e) {
      return new Outcome(127, "", String.valueOf(e.getMessage()));
    }
  }

  private static Outcome run(int seconds, List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("child", ".out");
    Path errors = Files.createTempFile("child", ".err");
    try {
      // Files instead of pipes: nobody has to empty them.
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile())
              .start();
      // Standard input stays open: its end tells a child that its parent is gone.
      boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
      if (!ended) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      Outcome outcome =
          new Outcome(process.exitValue(), Files.readString(output), Files.readString(errors));
      if (!ended) {
        throw new AssertionError(
            command.getFirst() + " did not end within " + seconds + " s: " + outcome);
      }
      return outcome;
    } finally {
      Files.delete(output);
      Files.delete(errors);
    }
  }

  private static List<String> command(List<String> prefix, String... arguments) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx96m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-ea",
            "--enable-native-access=ALL-UNNAMED",
            "--illegal-native-access=deny",
            "-Ddev.iobus.kqueue.library=" + System.getProperty("dev.iobus.kqueue.library", ""),
            // One line for each message.
            "-Djava.util.logging.SimpleFormatter.format=%4$s: %5$s%6$s%n",
            "-cp",
            classPath(),
            StoreChild.class.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /// Surefire may start the test JVM from a jar whose manifest holds the class path; it then tells
  /// the true one in a property of its own.
  private static String classPath() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> absolute = new ArrayList<>();
    for (String element : path.split(File.pathSeparator)) {
      absolute.add(Path.of(element).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, absolute);
  }
}
