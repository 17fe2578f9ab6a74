package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// The small C program `nops.c`, which does with raw system calls what [Nops] does with a bus: the
/// same ring, the same batches, every result checked. It is compiled when it is needed. Immutable.
///
/// @param program the compiled program
/// @param compiler the first line of what the compiler says of its version
record NopProgram(Path program, String compiler) {

  /// Its name among the subjects.
  static final String LABEL = "c";

  private static final String SOURCE = "nops.c";
  private static final String COMPILER = "gcc";
  private static final Pattern REPORT = Pattern.compile("(\\d+) (\\d+) (\\d+) (\\d+)");

  /// `EXIT` status with which it says that the kernel refused the ring.
  private static final int REFUSED = 3;

  /// What a process printed, and how it ended.
  private record Output(int status, String text) {}

  /// Compiles it.
  ///
  /// @param directory where source and program go
  /// @throws HostLacksException without a compiler
  static NopProgram compile(Path directory)
      throws HostLacksException, IOException, InterruptedException {
    String compiler;
    try {
      compiler = output(List.of(COMPILER, "--version")).text().lines().findFirst().orElse("");
    } catch (IOException notInstalled) {
      throw new HostLacksException(
          "there is no " + COMPILER + " to compile " + SOURCE + ": install it (apt install gcc)");
    }
    Path source = directory.resolve(SOURCE);
    try (InputStream in = NopProgram.class.getResourceAsStream(SOURCE)) {
      Files.copy(Objects.requireNonNull(in, SOURCE + " is not on the class path"), source);
    }
    Path program = directory.resolve("nops").toAbsolutePath();
    Output compiled =
        output(List.of(COMPILER, "-O2", "-o", program.toString(), source.toString()));
    if (compiled.status() != 0) {
      throw new HostLacksException(COMPILER + " cannot compile " + SOURCE + ": " + compiled.text());
    }
    return new NopProgram(program, compiler);
  }

  /// The entrant that runs it.
  ///
  /// @param batch operations of a batch, 1 to 8,192
  Entrant entrant(int batch) {
    return new Entrant() {
      @Override
      public String label() {
        return LABEL;
      }

      @Override
      public Contender open() throws HostLacksException, IOException, InterruptedException {
        Runner runner = new Runner(batch);
        runner.probe();
        return runner;
      }
    };
  }

  private static Output output(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Output(process.waitFor(), text.strip());
    } finally {
      process.destroy();
    }
  }

  /// Runs the program with one size of batch.
  private final class Runner implements Contender {

    private final int batch;

    private Runner(int batch) {
      this.batch = batch;
    }

    /// @throws HostLacksException when this kernel has not the ring that the program asks for
    private void probe() throws HostLacksException, IOException, InterruptedException {
      Output output = execute(1);
      if (output.status() == REFUSED) {
        throw new HostLacksException("the kernel refuses its ring: " + output.text());
      }
    }

    private Output execute(long millis) throws IOException, InterruptedException {
      return output(List.of(program.toString(), Integer.toString(batch), Long.toString(millis)));
    }

    @Override
    public String describe() {
      return SOURCE + " with the ring of an owned bus, raw system calls, -O2; " + compiler;
    }

    @Override
    public Outcome run(long nanos) throws IOException, InterruptedException {
      Output output = execute(Math.max(1, nanos / 1_000_000));
      if (output.status() != 0) {
        throw new IOException(
            SOURCE + " ended with status " + output.status() + ": " + output.text());
      }
      MatchResult report =
          REPORT
              .matcher(output.text())
              .results()
              .findFirst()
              .orElseThrow(() -> new IOException(SOURCE + " printed: " + output.text()));
      return Outcome.of(
          new Measurement(
              Long.parseLong(report.group(1)),
              0,
              Long.parseLong(report.group(2)),
              new Latencies().toHistogram(),
              Series.NONE),
          new Outcome.ProcessorTime(
              Long.parseLong(report.group(3)), Long.parseLong(report.group(4))));
    }

    /// Nothing is open between runs.
    @Override
    public void close() {}
  }
}
