package dev.iobus.bench.cache;

import dev.iobus.bench.command.ByteSize;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.storage.page.PageCache;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.function.LongUnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the hit rates.
@Command(
    name = "cache",
    mixinStandardHelpOptions = true,
    header = "Measures hit rates of the page cache on traces.",
    description = {
      "",
      "All caches have the same bytes for blocks of 4 KiB, and see the same uses of them. The",
      "first fifth is warm-up. Traces, for a cache of C blocks:",
      "",
      "  zipfian        YCSB's, over 10 C blocks",
      "  scan           the same, with a scan of 2 C other blocks in every fourth stretch of 2 C",
      "  beside a scan  the same, with a block of a scan after each",
      "  loop           2 C blocks, again and again",
      "  moving         zipfian over 10 C blocks, which are others after every 24 C uses",
      "",
      "Exits with 1 when the page cache is more than a point short of a peer."
    })
public final class CacheCommand implements Callable<Integer> {

  private static final String OURS = "page cache";
  private static final int WARM_UP_PART = 5;
  private static final long BYTES_MAX = 1L << 30;

  /// A cache shall not be worse than another by more points than this.
  private static final double POINTS = 1;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--frames",
      paramLabel = "SIZE",
      defaultValue = "10m",
      converter = ByteSize.class,
      description = "Bytes of the cache, whole megabytes (${DEFAULT-VALUE}).")
  private long bytes;

  @Option(
      names = "--uses",
      paramLabel = "N",
      defaultValue = "600000",
      description = "Length of a trace (${DEFAULT-VALUE}).")
  private int uses;

  @Option(
      names = "--traces",
      split = ",",
      paramLabel = "FILE",
      description = {
        "Recorded traces in place of those: text, gzipped or not, the number of a block on each",
        "line, such as those of the LIRS paper. Every use counts."
      })
  private List<Path> traces = List.of();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Other caches to compare with, such as caffeine (none).")
  private List<String> names = List.of();

  @Override
  public Integer call() throws IOException {
    require(
        bytes >= 1 << 20 && bytes % (1 << 20) == 0 && bytes <= BYTES_MAX,
        "--frames must be 1m to 1024m, in whole megabytes");
    require(uses >= WARM_UP_PART, "--uses must be at least " + WARM_UP_PART);
    boolean usesGiven = spec.commandLine().getParseResult().hasMatchedOption("--uses");
    require(traces.isEmpty() || !usesGiven, "--traces are used as long as they are: leave --uses out");
    List<CachePeer> peers = peers();
    int capacity = (int) (bytes / PageCache.PAGE_BYTES);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(Locale.ROOT, "%-16s %12s", "hits in percent", OURS);
    peers.forEach(peer -> out.printf(Locale.ROOT, " %12s", peer.name()));
    out.println();
    int status = ExitStatus.OK;
    for (Row row : rows(capacity)) {
      double ours = ours(row, capacity);
      out.printf(Locale.ROOT, "%-16s %12.2f", row.label(), ours);
      String verdict = "";
      for (CachePeer peer : peers) {
        double theirs = rate(row, peer.open(capacity));
        out.printf(Locale.ROOT, " %12.2f", theirs);
        if (ours < theirs - POINTS) {
          verdict = "  short of " + peer.name();
          status = ExitStatus.FAILURE;
        }
      }
      out.println(verdict);
      out.flush();
    }
    return status;
  }

  /// What all caches see.
  ///
  /// @param count of uses
  /// @param from the first use that counts
  /// @param blocks from the number of a use to its block
  private record Row(String label, int count, int from, LongUnaryOperator blocks) {}

  private List<Row> rows(int capacity) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (Path file : traces) {
      TraceFile trace = TraceFile.read(file);
      int[] recorded = trace.uses();
      rows.add(new Row(trace.name(), recorded.length, 0, index -> recorded[(int) index]));
    }
    if (traces.isEmpty()) {
      for (CacheTrace trace : CacheTrace.values()) {
        int from = uses / WARM_UP_PART;
        rows.add(new Row(trace.label(), uses, from, trace.blocks(capacity)));
      }
    }
    return rows;
  }

  private void require(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  private List<CachePeer> peers() {
    List<CachePeer> found = new ArrayList<>();
    ServiceLoader.load(CachePeer.class).forEach(found::add);
    List<String> known = found.stream().map(CachePeer::name).toList();
    for (String name : names) {
      require(
          known.contains(name),
          "--peers: '" + name + "' is not in this build: expected some of " + known
              + (known.isEmpty() ? "; peers come with: mvn -Ppeers -DskipTests package" : ""));
    }
    return found.stream().filter(peer -> names.contains(peer.name())).toList();
  }

  private double ours(Row row, int capacity) throws IOException {
    long last = 0;
    for (int i = 0; i < row.count(); i++) {
      last = Math.max(last, row.blocks().applyAsLong(i));
    }
    return rate(row, new PageCacheSubject(capacity, last + 1));
  }

  /// Hits in percent of the uses that count; closes the subject.
  private double rate(Row row, CacheSubject subject) throws IOException {
    try (subject) {
      int hits = 0;
      for (int i = 0; i < row.count(); i++) {
        boolean hit = subject.use(row.blocks().applyAsLong(i));
        hits += hit && i >= row.from() ? 1 : 0;
      }
      return 100.0 * hits / (row.count() - row.from());
    }
  }
}
