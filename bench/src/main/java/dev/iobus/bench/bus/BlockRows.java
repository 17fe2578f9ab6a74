package dev.iobus.bench.bus;

import dev.iobus.bench.result.Aim;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The workloads with transfers on which iobus has aims. In each the first subject is called
/// `iobus`, and is a bus, or the façade where the workload is one of blocking callers. Immutable.
///
/// @param bed for all of them
/// @param peers other libraries that take part
record BlockRows(Bed bed, List<BlockPeer> peers) {

  private static final String OURS = ContenderKind.IOBUS.label();
  private static final String JASYNCFIO = "jasyncfio";
  private static final String LOOP = "bare bus QD ";
  private static final int LOOP_DEPTH = 128;
  private static final int THOUSAND = 1_000;
  private static final int FULL_DEPTH = 64;
  private static final int SCAN_LENGTH = 128 << 10;
  private static final int SCAN_DEPTH = 8;

  /// Bytes of heap per operation that are none: what threads and histograms need once is spread
  /// over the operations of a run.
  private static final double NO_BYTES = 0.5;

  static Aim noAllocation(String workload) {
    return Aim.allocation(workload, NO_BYTES);
  }

  List<Lineup> of(AimGroup group) {
    return switch (group) {
      case NOP, ECHO -> List.of();
      // The deepest first: in a run of QD 1 the compiler sees a tenth as many transfers, and what it does
      // meanwhile would count as theirs.
      case DIRECT -> List.of(direct(128), direct(32), direct(8), direct(1));
      case CACHED -> List.of(cached());
      case CALLERS -> List.of(cachedCallers(1), cachedCallers(8), loneCaller());
      case VIRTUAL -> List.of(thousand(), handOver(8), handOver(32));
      case PAGES -> List.of(coldPages(), coldScan());
    };
  }

  /// One bus against fio, and from a depth of 8 on against as many threads as the depth.
  private Lineup direct(int depth) {
    Job job = reads(depth, Caching.DIRECT);
    String name = job.label();
    List<Entrant> entrants = withFio(job);
    List<Aim> aims = new ArrayList<>();
    aims.add(Aim.rate(name, ContenderKind.FIO.label(), 0.97));
    aims.add(Aim.cpu(name, ContenderKind.FIO.label(), 1.15));
    if (depth > 1) {
      entrants.add(entrant(ContenderKind.FILECHANNEL, job));
      aims.add(Aim.rate(name, ContenderKind.FILECHANNEL.label(), 1));
      aims.add(Aim.cpu(name, ContenderKind.FILECHANNEL.label(), 0.6));
    }
    aims.add(noAllocation(name));
    return new Lineup(name, entrants, aims);
  }

  private Lineup cached() {
    Job job = reads(32, Caching.BUFFERED);
    String name = job.label();
    List<Entrant> entrants = withFio(job);
    List<Aim> aims = new ArrayList<>(List.of(Aim.rate(name, ContenderKind.FIO.label(), 1)));
    peers.forEach(peer -> entrants.add(new PeerEntrant(bed, peer, job)));
    aims.add(Aim.rate(name, JASYNCFIO, 1.5));
    aims.add(noAllocation(name));
    return new Lineup(name, entrants, aims);
  }

  private Lineup cachedCallers(int callers) {
    Job job = reads(callers, Caching.BUFFERED);
    String name = workload(job, callers, callers == 1 ? "caller" : "callers");
    return new Lineup(
        name,
        List.of(
            new BlockEntrant(bed, ContenderKind.SHARED, job, OURS),
            entrant(ContenderKind.FILECHANNEL, job)),
        List.of(Aim.rate(name, ContenderKind.FILECHANNEL.label(), 0.95), noAllocation(name)));
  }

  /// A caller who pays no switch of threads is as fast as a loop of his own.
  private Lineup loneCaller() {
    Job job = reads(1, Caching.DIRECT);
    String name = workload(job, 1, "caller");
    return new Lineup(
        name,
        List.of(
            new BlockEntrant(bed, ContenderKind.SHARED, job, OURS),
            new BlockEntrant(bed, ContenderKind.IOBUS, job, LOOP + 1)),
        List.of(Aim.rate(name, LOOP + 1, 0.95), noAllocation(name)));
  }

  private Lineup thousand() {
    Job job = reads(THOUSAND, Caching.DIRECT);
    Job loop = reads(LOOP_DEPTH, Caching.DIRECT);
    String name = workload(job, THOUSAND, "virtual");
    String channel = ContenderKind.FILECHANNEL_VIRTUAL.label();
    return new Lineup(
        name,
        List.of(
            new BlockEntrant(bed, ContenderKind.SHARED_VIRTUAL, job, OURS),
            new BlockEntrant(bed, ContenderKind.IOBUS, loop, LOOP + LOOP_DEPTH),
            entrant(ContenderKind.FILECHANNEL_VIRTUAL, job)),
        List.of(
            Aim.rate(name, LOOP + LOOP_DEPTH, 1),
            Aim.rate(name, channel, 1),
            Aim.cpu(name, channel, 0.8),
            noAllocation(name)));
  }

  /// The bare bus shows what the device gives at that depth, which no hand-over can exceed.
  private Lineup handOver(int threads) {
    Job job = reads(threads, Caching.DIRECT);
    String name = workload(job, threads, "virtual");
    return new Lineup(
        name,
        List.of(
            new BlockEntrant(bed, ContenderKind.SHARED_VIRTUAL, job, OURS),
            entrant(ContenderKind.BUS_THREAD, job),
            new BlockEntrant(bed, ContenderKind.IOBUS, job, LOOP + threads)),
        List.of(Aim.rate(name, ContenderKind.BUS_THREAD.label(), 2), noAllocation(name)));
  }

  /// A thousand threads that pin pages, against a queue that is as deep as the device needs.
  private Lineup coldPages() {
    String name = "cold pages 4k, 1,000 virtual";
    return pages(name, reads(THOUSAND, Caching.DIRECT), reads(FULL_DEPTH, Caching.DIRECT), 0.95);
  }

  /// One reader who goes through the file page by page, against large reads side by side.
  private Lineup coldScan() {
    Job job =
        new Job(
            Access.READ, SCAN_LENGTH, SCAN_DEPTH, Caching.DIRECT, Registration.REGISTERED);
    return pages("cold scan of pages 4k", job, job, 0.9);
  }

  private Lineup pages(String name, Job ours, Job theirs, double least) {
    List<Entrant> entrants = new ArrayList<>();
    entrants.add(new PageCacheEntrant(bed, ours));
    if (bed.fio() != null) {
      entrants.add(entrant(ContenderKind.FIO, theirs));
    }
    return new Lineup(
        name, entrants, List.of(Aim.rate(name, ContenderKind.FIO.label(), least)));
  }

  private static Job reads(int depth, Caching caching) {
    return new Job(
        Access.RANDREAD, PageFormat.LENGTH, depth, caching, Registration.REGISTERED);
  }

  private static String workload(Job job, int callers, String word) {
    return String.format(Locale.ROOT, "%s randread 4k, %,d %s", job.caching().label(), callers, word);
  }

  private Entrant entrant(ContenderKind kind, Job job) {
    return new BlockEntrant(bed, kind, job, kind.label());
  }

  /// The bus, and fio where it can run.
  private List<Entrant> withFio(Job job) {
    List<Entrant> entrants = new ArrayList<>(List.of(entrant(ContenderKind.IOBUS, job)));
    if (bed.fio() != null) {
      entrants.add(entrant(ContenderKind.FIO, job));
    }
    return entrants;
  }
}
