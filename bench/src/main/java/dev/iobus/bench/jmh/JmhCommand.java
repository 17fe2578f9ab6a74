package dev.iobus.bench.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.openjdk.jmh.Main;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/// Hands its arguments to JMH, with the profiler that shows allocation per operation and a file of
/// results unless they say otherwise.
@Command(
    name = "jmh",
    header = "Runs the JMH benchmarks of the parts; arguments go to JMH.",
    description = {
      "",
      "-h explains JMH's arguments, -l lists the benchmarks; a name runs those that it matches.",
      "Bytes allocated per operation are shown (-prof gc), and the results are written as JSON to",
      "a new directory under bench/results, from which ./bench/run report makes a page.",
      ""
    })
public final class JmhCommand implements Callable<Integer> {

  private static final List<String> ONLY_TELL = List.of("-h", "-l", "-lp", "-lprof", "-lrf");
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  @Option(names = "--help", usageHelp = true, description = "Show this help message and exit.")
  @SuppressWarnings("unused") // Its annotation does everything.
  private boolean help;

  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    Main.main(withDefaults(arguments).toArray(String[]::new));
    return 0;
  }

  /// The arguments, and what is usual where they say nothing of it.
  static List<String> withDefaults(List<String> given) throws IOException {
    List<String> all = new ArrayList<>(given);
    if (given.stream().anyMatch(ONLY_TELL::contains)) {
      return all;
    }
    if (!given.contains("-prof")) {
      all.addAll(List.of("-prof", "gc"));
    }
    if (!given.contains("-rf") && !given.contains("-rff")) {
      Path home = Path.of(System.getProperty("bench.home", "bench"));
      String name = "jmh-" + LocalDateTime.now(ZoneOffset.UTC).format(STAMP);
      Path directory = Files.createDirectories(home.resolve("results").resolve(name));
      all.addAll(List.of("-rf", "json", "-rff", directory.resolve("jmh.json").toString()));
    }
    return all;
  }
}
