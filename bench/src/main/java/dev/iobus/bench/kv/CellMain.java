package dev.iobus.bench.kv;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.workload.Workload;
import java.io.IOException;
import java.nio.file.Path;

/// The process that runs one cell: reads it from a file, writes what it measured as a result of one
/// run, and ends. A wrong answer is told in the result.
final class CellMain {

  private CellMain() {}

  /// @param arguments the file of the cell, the directory for the result
  public static void main(String[] arguments) throws IOException {
    Cell cell = Cell.read(Path.of(arguments[0]));
    ResultBuilder result = new ResultBuilder("cell");
    try {
      new CellRun(cell).run(result);
    } catch (MismatchException e) {
      result.fail("wrong answer: " + e.getMessage());
    } catch (Exception e) {
      e.printStackTrace();
      result.fail(e.toString());
    }
    ResultFiles.write(result.build(), Path.of(arguments[1]));
    if (cell.row().workload() == Workload.CRASH) {
      // The store stays open: this is the crash.
      Runtime.getRuntime().halt(ExitStatus.OK);
    }
    System.exit(ExitStatus.OK);
  }
}
