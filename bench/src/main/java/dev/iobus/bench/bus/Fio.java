package dev.iobus.bench.bus;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The program `fio`, the common yardstick for block devices. Immutable.
///
/// @param program its name or path
/// @param version what `fio --version` says
record Fio(String program, String version) {

  /// How to get it, for messages.
  static final String REMEDY = "install it (apt install fio, dnf install fio, brew install fio)";

  /// fio where `program` is there to be run, else null.
  static @Nullable Fio find(String program) throws InterruptedException {
    try {
      return new Fio(program, output(List.of(program, "--version")).strip());
    } catch (IOException notInstalled) {
      return null;
    }
  }

  /// Runs it and returns its report, with the counts of all latencies.
  ///
  /// @param options all but those of the report
  /// @param scratch a file that does not exist, for the report: fio mixes messages into what it
  ///     prints
  /// @throws IOException when it fails, with what it printed
  String report(List<String> options, Path scratch) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(options);
    command.addAll(List.of("--output=" + scratch, "--output-format=json+"));
    try {
      output(command);
      return Files.readString(scratch);
    } finally {
      Files.deleteIfExists(scratch);
    }
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException(
            command.getFirst() + " ended with status " + status + ": " + output.strip());
      }
      return output;
    } finally {
      process.destroy();
    }
  }
}
