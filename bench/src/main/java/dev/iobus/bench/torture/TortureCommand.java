package dev.iobus.bench.torture;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.measure.Progress;
import dev.iobus.sim.Counterexample;
import dev.iobus.sim.Scenario;
import dev.iobus.sim.Shrinker;
import dev.iobus.sim.SimTally;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command line of the torture on simulated hosts.
@Command(
    name = "torture",
    mixinStandardHelpOptions = true,
    header = "Runs log, store and sockets on simulated hosts that fail, seed after seed.",
    description = {
      "",
      "Each seed decides what clients do, what fails, when power is lost or the process is killed,",
      "who runs when, and how long everything takes. A model says what must be there afterwards.",
      "The first seed with which it is not is told with the least that fails of what it does, and",
      "with the command that runs just that again.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  bench/run torture --time 600            ten minutes, a third of them for the log",
      "  bench/run torture store --seeds 10000   so many seeds of the store",
      "  bench/run torture log --seed 42         one seed, from its beginning to its end"
    })
public final class TortureCommand implements Callable<Integer> {

  private static final double NANOS = 1e9;

  /// Busses and logs that fail say so, which is no news here; it is kept, as the configuration of a
  /// logger that nobody refers to may be lost.
  private static final Logger LOGGER = Logger.getLogger("dev.iobus");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..*",
      paramLabel = "WHAT",
      description = "log, store, sockets (all).")
  private List<Target> targets = List.of();

  @Option(
      names = "--time",
      paramLabel = "SECONDS",
      description = "For how long, for all together (60, unless --seeds is given).")
  private @Nullable Integer seconds;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "How many seeds of each (as many as there is time for).")
  private @Nullable Long seeds;

  @Option(
      names = "--from",
      paramLabel = "SEED",
      description = "The first seed (one that depends on the time).")
  private @Nullable Long from;

  @Option(names = "--seed", paramLabel = "SEED", description = "Run this seed alone.")
  private @Nullable Long seed;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NUMBER",
      description = "With --seed: do these parts of its plan alone, from 0.")
  private @Nullable List<Integer> only;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Seeds that run at one time (one for each processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--shrink-runs",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Runs to find the least that fails (${DEFAULT-VALUE}).")
  private int shrinkRuns;

  @Option(names = "--no-progress", description = "Say nothing on the way.")
  private boolean quiet;

  @Override
  public Integer call() throws Exception {
    return run(System.out);
  }

  /// As on the command line, with the results printed elsewhere.
  int run(PrintStream out) throws Exception {
    check();
    Level before = LOGGER.getLevel();
    LOGGER.setLevel(Level.OFF);
    try {
      List<Target> chosen = targets.isEmpty() ? List.of(Target.values()) : targets;
      if (seed != null) {
        return replay(chosen.getFirst(), seed, out);
      }
      SimulationCost cost = SimulationCost.measure();
      out.printf(
          Locale.ROOT,
          "a switch between tasks costs %.2f us; who only waits for a disk: %s%n",
          cost.handOverNanos() / 1000,
          cost.waits().times());
      int status = ExitStatus.OK;
      for (Target target : chosen) {
        if (!torture(target, chosen.size(), out)) {
          status = ExitStatus.FAILURE;
        }
      }
      return status;
    } finally {
      LOGGER.setLevel(before);
    }
  }

  private void check() {
    boolean positive =
        (seconds == null || seconds > 0) && (seeds == null || seeds > 0) && threads > 0;
    if (!positive || shrinkRuns < 1) {
      throw wrong("--time, --seeds, --threads and --shrink-runs are at least 1");
    }
    if (only != null && seed == null) {
      throw wrong("--only needs --seed");
    }
    if (seed != null && targets.size() != 1) {
      throw wrong("--seed needs to know of what: log, store or sockets");
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /// Returns whether all was well.
  private boolean torture(Target target, int shares, PrintStream out)
      throws InterruptedException {
    long first = from != null ? from : System.currentTimeMillis() * 1000;
    boolean timed = seconds != null || seeds == null;
    long nanos = (long) ((seconds == null ? 60 : seconds) * NANOS) / shares;
    long count = seeds == null ? Long.MAX_VALUE : seeds;
    Torture torture =
        new Torture(
            target.scenario(), first, count, timed ? nanos : Long.MAX_VALUE, shrinkRuns);
    long start = System.nanoTime();
    Counterexample<?> found;
    try (Progress.Phase phase =
        Progress.standard(!quiet).begin("torture " + target.label(), count, torture::done)) {
      phase.tell("from seed " + first);
      found = torture.run(threads);
    }
    double realSeconds = (System.nanoTime() - start) / NANOS;
    print(target, torture, first, realSeconds, out);
    if (found != null) {
      tell(target, found, out);
    }
    return found == null;
  }

  private static void print(
      Target target, Torture torture, long first, double realSeconds, PrintStream out) {
    SimTally tally = torture.tally();
    out.printf(
        Locale.ROOT,
        "%-7s %,d seeds from %d in %.1f s: %,d crash points, %,d injected errors, %,d operations,"
            + " %,d switches, %s%n",
        target.label(),
        torture.done(),
        first,
        realSeconds,
        tally.crashes(),
        tally.faults(),
        tally.operations(),
        tally.switches(),
        tally.times());
  }

  private static void tell(Target target, Counterexample<?> found, PrintStream out) {
    out.print(found.describe());
    String kept = found.kept().stream().map(String::valueOf).collect(Collectors.joining(","));
    out.printf(
        Locale.ROOT,
        "again, with these parts alone: ./bench/run torture %s --seed %d%s%n",
        target.label(),
        found.seed(),
        kept.isEmpty() ? "" : " --only " + kept);
  }

  private int replay(Target target, long chosen, PrintStream out) {
    return replay(target.scenario(), chosen, out);
  }

  private <P> int replay(Scenario<P> scenario, long chosen, PrintStream out) {
    List<P> plan = scenario.plan(chosen);
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < plan.size(); i++) {
      numbers.add(i);
    }
    List<Integer> kept = only == null ? numbers : only;
    List<P> parts;
    try {
      parts = Shrinker.parts(scenario, chosen, kept);
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
    for (int i = 0; i < parts.size(); i++) {
      out.println("  " + kept.get(i) + ": " + parts.get(i));
    }
    Throwable failure = Shrinker.failure(scenario, chosen, parts, new SimTally());
    if (failure == null) {
      out.println("all is well");
      return ExitStatus.OK;
    }
    StringWriter stack = new StringWriter();
    failure.printStackTrace(new PrintWriter(stack));
    out.print(stack);
    return ExitStatus.FAILURE;
  }
}
