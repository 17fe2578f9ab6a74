package dev.iobus.bench.cache;

import dev.iobus.bench.command.ByteSize;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.storage.page.PageCache;
import java.io.IOException;
import java.io.PrintWriter;
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
      ""
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
    List<CachePeer> peers = peers();
    int capacity = (int) (bytes / PageCache.PAGE_BYTES);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(Locale.ROOT, "%-16s %12s", "hits in percent", OURS);
    peers.forEach(peer -> out.printf(Locale.ROOT, " %12s", peer.name()));
    out.println();
    for (CacheTrace trace : CacheTrace.values()) {
      LongUnaryOperator blocks = trace.blocks(capacity);
      double ours = ours(blocks, capacity);
      out.printf(Locale.ROOT, "%-16s %12.2f", trace.label(), ours);
      String verdict = "";
      for (CachePeer peer : peers) {
        double theirs = rate(blocks, peer.open(capacity));
        out.printf(Locale.ROOT, " %12.2f", theirs);
        verdict = ours < theirs - POINTS ? "  short of " + peer.name() : verdict;
      }
      out.println(verdict);
      out.flush();
    }
    return ExitStatus.OK;
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
          "--peers: '" + name + "' is not in this build: expected some of " + known);
    }
    return found.stream().filter(peer -> names.contains(peer.name())).toList();
  }

  private double ours(LongUnaryOperator blocks, int capacity) throws IOException {
    long last = 0;
    for (int i = 0; i < uses; i++) {
      last = Math.max(last, blocks.applyAsLong(i));
    }
    return rate(blocks, new PageCacheSubject(capacity, last + 1));
  }

  /// Hits in percent after the warm-up; closes the subject.
  private double rate(LongUnaryOperator blocks, CacheSubject subject) throws IOException {
    try (subject) {
      int from = uses / WARM_UP_PART;
      int hits = 0;
      for (int i = 0; i < uses; i++) {
        boolean hit = subject.use(blocks.applyAsLong(i));
        hits += hit && i >= from ? 1 : 0;
      }
      return 100.0 * hits / (uses - from);
    }
  }
}
