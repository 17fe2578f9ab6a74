package dev.iobus.bench.review;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.result.Result;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command line that finds out whether a newer result is slower than an older one.
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    header = "Compares two results of the same job on the same machine.",
    description = {
      "",
      "A row is slower or faster when the whole interval of its change (95 %%, of the",
      "logarithms of all rounds) lies beyond the threshold. What ran once has no interval and",
      "decides nothing.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 no row is slower; 1 one is; 2 wrong usage, or there is no such result;",
      "78 the results are not comparable: measured on different things or with other options,",
      "without a row in common, or one failed."
    })
public final class CompareCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "OLD",
      description = "The directory of the older result, or a JSON file that JMH wrote.")
  private Path old = Path.of("");

  @Parameters(index = "1", paramLabel = "NEW", description = "The same of the newer result.")
  private Path now = Path.of("");

  @Option(
      names = "--threshold",
      paramLabel = "PERCENT",
      defaultValue = "5",
      description = "Up to how many percent a change is none (${DEFAULT-VALUE}).")
  private double threshold;

  @Option(
      names = "--force",
      description = "Compare results that are not comparable, too.")
  private boolean force;

  @Override
  public Integer call() {
    if (!(threshold > 0 && threshold < 100)) {
      throw new ParameterException(
          spec.commandLine(), "--threshold is " + threshold + ", expected above 0 and below 100");
    }
    Result before;
    Result after;
    try {
      before = EarlierResult.read(old);
      after = EarlierResult.read(now);
    } catch (IOException e) {
      return unreadable(e);
    }
    Comparison comparison = Comparison.of(before, after, threshold / 100);
    PrintWriter out = spec.commandLine().getOut();
    if (!comparable(before, after, comparison) && !force) {
      return ExitStatus.ENVIRONMENT;
    }
    ComparisonTable.print(comparison, threshold / 100, out);
    out.flush();
    return comparison.count(Delta.Verdict.SLOWER) > 0 ? ExitStatus.FAILURE : ExitStatus.OK;
  }

  /// Not left to the caller: its exit code for failures means a slower row here.
  private int unreadable(IOException e) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(spec.commandLine().getColorScheme().errorText(String.valueOf(e.getMessage())));
    err.flush();
    return ExitStatus.USAGE;
  }

  /// Whether the numbers may be set against each other; says why not.
  private boolean comparable(Result before, Result after, Comparison comparison) {
    PrintWriter err = spec.commandLine().getErr();
    boolean oldPassed = passed("old", before, err);
    boolean newPassed = passed("new", after, err);
    boolean passed = oldPassed && newPassed;
    boolean same = comparison.differences().isEmpty();
    boolean shares = !comparison.deltas().isEmpty();
    if (!shares) {
      err.println("the results share no row");
    }
    if (!same) {
      err.println("the results were measured on different things:");
      ComparisonTable.differences(comparison.differences(), err);
    }
    if (!passed || !same || !shares) {
      err.println(force ? "compared all the same (--force)" : "not compared; --force does it");
    }
    err.flush();
    return passed && same && shares;
  }

  private static boolean passed(String which, Result result, PrintWriter err) {
    if (!result.passed()) {
      err.println("the " + which + " result is of a run that failed: " + result.failure());
    }
    return result.passed();
  }
}
