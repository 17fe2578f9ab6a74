package dev.iobus.bench.kv;

import dev.iobus.bench.host.MemoryCgroup;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.workload.Workload;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A JVM that runs the cells of one subject, one after another; [CellMain] is what it runs. Between
/// two cells it waits and does nothing. Confined to one thread.
final class CellProcess implements AutoCloseable {

  /// Beside what the JVM has when a cell begins: code that is compiled meanwhile, and the like.
  static final long GROWTH_BYTES = 32L << 20;

  private static final long TIME_LIMIT_MINUTES = 30;
  private static final long END_SECONDS = 10;

  /// What one cell gave.
  ///
  /// @param result the numbers, none for a cell that only prepares
  /// @param peakBytes the most that the process had meanwhile, its page cache included; NaN where
  ///     not known
  record Outcome(Result result, double peakBytes) {}

  private final Path scratch;
  private final @Nullable MemoryCgroup group;
  private final long heapShareBytes;
  private final Process process;
  private final Thread endWithParent;
  private final BufferedWriter requests;
  private final BufferedReader replies;
  private int cells;

  /// Starts the JVM.
  ///
  /// @param command runs [CellMain]
  /// @param scratch a new directory for what goes to and comes from the process
  /// @param group bounds its memory, and is closed with it; null for no bound
  /// @param heapShareBytes the part of its heap that is the store's
  CellProcess(
      List<String> command, Path scratch, @Nullable MemoryCgroup group, long heapShareBytes)
      throws IOException {
    this.scratch = scratch;
    this.group = group;
    this.heapShareBytes = heapShareBytes;
    this.process =
        new ProcessBuilder(group == null ? command : group.enter(command))
            .redirectError(output().toFile())
            .start();
    this.endWithParent = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(endWithParent);
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    this.replies = process.inputReader(StandardCharsets.UTF_8);
  }

  private Path output() {
    return scratch.resolve("output");
  }

  /// Runs one cell and waits for it.
  ///
  /// @throws CellFailedException when it gave no number that counts; says why
  Outcome run(Cell cell) throws IOException, InterruptedException, CellFailedException {
    Path directory = Files.createDirectory(scratch.resolve("cell-" + cells++));
    Path file = directory.resolve("cell.json");
    cell.write(file);
    if (group != null) {
      group.resetPeak();
    }
    boolean answered = request(file + "\t" + directory);
    if (!answered && cell.row().workload() != Workload.CRASH) {
      process.waitFor();
      throw new CellFailedException(
          title(cell) + " ended with status " + process.exitValue() + reason() + said());
    }
    Result result = ResultFiles.read(directory);
    if (!result.passed()) {
      throw new CellFailedException(title(cell) + ": " + result.failure() + said());
    }
    return new Outcome(result, group == null ? Double.NaN : group.peakBytes());
  }

  /// Gives the store of the next cells `memoryBytes` and no more: what the JVM has now is no
  /// store's. For a JVM that has met all code; a young one needs room of its own.
  void bound(long memoryBytes) throws IOException {
    if (group != null) {
      double own = group.anonymousBytes();
      if (!Double.isNaN(own)) {
        group.limit((long) own - heapShareBytes + GROWTH_BYTES + memoryBytes);
      }
    }
  }

  /// Sends a line and waits for the answer; false when the process ended instead.
  private boolean request(String line) throws IOException, InterruptedException {
    try {
      requests.write(line);
      requests.newLine();
      requests.flush();
    } catch (IOException e) {
      return false;
    }
    return isAnswered();
  }

  private boolean isAnswered() throws IOException, InterruptedException {
    CompletableFuture<Boolean> answered = CompletableFuture.supplyAsync(this::awaitReply);
    try {
      return answered.get(TIME_LIMIT_MINUTES, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new IOException("the answer of a cell could not be read", e.getCause());
    } catch (TimeoutException e) {
      process.destroyForcibly();
      throw new IOException("a cell ran for more than " + TIME_LIMIT_MINUTES + " minutes", e);
    }
  }

  private boolean awaitReply() {
    try {
      String line = replies.readLine();
      // A native library may write to standard output as well.
      while (line != null && !line.equals(CellMain.REPLY)) {
        line = replies.readLine();
      }
      return line != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String reason() {
    return group != null && group.hasKilled() ? ": killed by the kernel for its memory" : "";
  }

  private String said() throws IOException {
    String text = Files.readString(output(), StandardCharsets.UTF_8).strip();
    return text.isEmpty() ? "" : "; it said: " + text;
  }

  private static String title(Cell cell) {
    return cell.subject() + ", " + cell.row().label();
  }

  /// Ends the JVM, and waits for its end.
  @Override
  public void close() {
    try {
      requests.close();
    } catch (IOException e) {
      // It has ended already.
    }
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().removeShutdownHook(endWithParent);
    if (group != null) {
      group.close();
    }
  }
}
