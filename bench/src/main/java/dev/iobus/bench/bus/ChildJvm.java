package dev.iobus.bench.bus;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Another JVM on the same class path, which gets lines and answers each with a line. Ends with its
/// input, so also with this process. Confined to one thread.
final class ChildJvm implements AutoCloseable {

  private final String name;
  private final Process process;
  private final PrintWriter requests;
  private final BufferedReader replies;

  /// Starts it; what it says on standard error is seen.
  ///
  /// @param main the class that it runs
  /// @param options of the JVM
  /// @param arguments of `main`
  ChildJvm(Class<?> main, List<String> options, List<String> arguments) throws IOException {
    name = main.getSimpleName();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    requests = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    replies = process.inputReader(StandardCharsets.UTF_8);
  }

  /// Sends a line, and waits for the next one of the other side.
  ///
  /// @throws IOException when it has ended instead
  String ask(String line) throws IOException {
    requests.println(line);
    return reply();
  }

  /// Waits for a line.
  ///
  /// @throws IOException when it has ended instead
  String reply() throws IOException {
    @Nullable String reply = replies.readLine();
    if (reply == null) {
      throw new IOException(name + " has failed; see above");
    }
    return reply;
  }

  /// Has it end, and waits for that.
  @Override
  public void close() {
    requests.close();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroy();
    }
  }
}
