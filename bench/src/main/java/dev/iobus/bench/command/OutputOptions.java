package dev.iobus.bench.command;

import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.report.HtmlReport;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultFiles;
import dev.iobus.bench.result.ResultTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of every job that measures: where its data lies, where its numbers go, and what it
/// says meanwhile. Confined to one thread.
public final class OutputOptions {

  private static final String REPORT = "report.html";

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where to put the data, in a new directory of its own (bench/results).")
  private @Nullable Path dir;

  @Option(names = "--keep", description = "Keep the data; by default it is removed at the end.")
  private boolean keep;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where to write the numbers (a new directory under bench/results).")
  private @Nullable Path out;

  @Option(names = "--no-progress", description = "Say nothing on standard error while it works.")
  private boolean noProgress;

  /// Makes the directories of one run.
  ///
  /// @param job the subcommand
  public ResultsDirectory create(String job) throws IOException {
    return ResultsDirectory.create(job, dir, out);
  }

  /// How the job tells what it is doing.
  public Progress progress() {
    return Progress.standard(!noProgress);
  }

  /// Ends the job: prints the numbers, writes all files, removes the data.
  public void publish(Result result, ResultsDirectory directory) throws IOException {
    ResultTable.print(result, System.out);
    ResultFiles.write(result, directory.numbers());
    Path report = directory.numbers().resolve(REPORT);
    HtmlReport.write(result, report);
    System.out.println();
    System.out.println("numbers          " + directory.numbers());
    System.out.println("report           " + report);
    removeData(directory);
  }

  /// Removes the data, unless it is to be kept. May be called again.
  public void removeData(ResultsDirectory directory) throws IOException {
    if (keep) {
      System.out.println("data             " + directory.data());
    } else if (Files.exists(directory.data())) {
      directory.removeData();
    }
  }
}
