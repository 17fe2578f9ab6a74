package dev.iobus.bench.kv;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.host.NativeHeap;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.workload.Workload;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The process that runs cells. Each line of standard input names the file of a cell and the
/// directory for its result, with a tab between them; [#REPLY] on standard output follows each. A
/// wrong answer is told in the result. Ends with its input.
final class CellMain {

  /// The answer to each line.
  static final String REPLY = "cell done";

  private CellMain() {}

  public static void main(String[] arguments) throws IOException {
    PrintStream replies = System.out;
    System.setOut(System.err);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split("\t", -1);
      run(Cell.read(Path.of(words[0])), Path.of(words[1]));
      replies.println(REPLY);
      replies.flush();
    }
    System.exit(ExitStatus.OK);
  }

  private static void run(Cell cell, Path directory) throws IOException {
    ResultBuilder result = new ResultBuilder("cell");
    try {
      new CellRun(cell).run(result);
    } catch (MismatchException e) {
      result.fail("wrong answer: " + e.getMessage());
    } catch (Exception e) {
      e.printStackTrace();
      result.fail(e.toString());
    }
    ResultFiles.write(result.build(), directory);
    if (cell.row().workload() == Workload.CRASH) {
      // The store stays open: this is the crash.
      Runtime.getRuntime().halt(ExitStatus.OK);
    }
    // The garbage of this cell must not cost the next one, nor count as its JVM's own memory.
    System.gc();
    NativeHeap.trim();
  }
}
