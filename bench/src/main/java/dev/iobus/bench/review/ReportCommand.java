package dev.iobus.bench.review;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.report.HtmlReport;
import dev.iobus.bench.result.Result;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command line that makes a page of numbers that are there already.
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    header = "Makes the page of an earlier run again, or one of a JMH result.",
    description = {
      "",
      "The page is one file that needs no network. JMH writes its part with -rf json.",
      ""
    })
public final class ReportCommand implements Callable<Integer> {

  private static final String REPORT = "report.html";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "DIR",
      description = "The directory of a result, or a JSON file that JMH wrote.")
  private Path place = Path.of("");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where to write the page (" + REPORT + " beside the numbers).")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    Result result = EarlierResult.read(place);
    Path file = out == null ? beside(place) : out;
    HtmlReport.write(result, file);
    PrintWriter terminal = spec.commandLine().getOut();
    terminal.println("report           " + file);
    terminal.flush();
    return ExitStatus.OK;
  }

  private static Path beside(Path place) {
    return Files.isDirectory(place) ? place.resolve(REPORT) : place.resolveSibling(REPORT);
  }
}
