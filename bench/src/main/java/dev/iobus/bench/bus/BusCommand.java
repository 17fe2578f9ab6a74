package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.bench.command.BackendNames;
import dev.iobus.bench.command.ByteSize;
import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.command.OutputOptions;
import dev.iobus.bench.command.ResultsDirectory;
import dev.iobus.bench.host.Environment;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.result.ResultBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command line of the jobs on a bus.
@Command(
    name = "bus",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Does jobs in the manner of fio: through one bus, and through others in alternation.",
    description = {
      "",
      "One job for each combination of --rw, --bs and --depths. Every transfer is checked: its"
          + " length, and that each page of 4 KiB is the one that was asked for. After writes the"
          + " file is read back. fio checks nothing, and writes to a file of its own.",
      "",
      "--preset measures instead the rows on which iobus has aims, and shows for each what it is"
          + " meant to reach. In these rows iobus is a bus, or the blocking calls of a SharedBus"
          + " where the row names callers or virtual threads; CPU is the processor time of an"
          + " operation, heap its garbage:",
      "",
      "  nop      operations that do nothing, in batches that are waited for: on a bus, where a",
      "           visitor has each done again, and in a C program with the same ring (compiled with",
      "           gcc where it is found); each size of batch in a process of its own",
      "  direct   random reads of 4 KiB past the page cache: one bus, fio with fixed buffers and",
      "           files, FileChannel from as many threads as the depth",
      "  cached   the same from the page cache: one bus, fio, other libraries (--peers)",
      "  callers  blocking reads of 1 and 8 platform threads: SharedBus, FileChannel; one direct",
      "           caller against a bus of his own (bare bus QD 1)",
      "  virtual  direct reads of 1,000 virtual threads: SharedBus, FileChannel, which serves about",
      "           256 of them and leaves the others without a carrier, and one loop on a bus (bare",
      "           bus QD 128); of 8 and 32: SharedBus, a thread with a bus that gets each read",
      "           handed over (bus-thread), and a loop of that depth",
      "  pages    pages of 4 KiB through a small page cache of storage: 1,000 virtual threads",
      "           against fio with QD 64; one reader, who is read ahead of, against fio with reads",
      "           of 128 KiB and QD 8 (an operation is 128 KiB)",
      "  echo     a server that sends back what it gets from 64 connections of another process:",
      "           one bus, Netty (--peers)",
      "  aims     all of them, in less than ten minutes",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  bench/run bus --rw randread,read --bs 4k,128k --depths 1,32,128",
      "  bench/run bus --buffered --vs filechannel,shared-virtual --depths 1000",
      "  bench/run bus --nop",
      "  bench/run bus --preset aims --peers jasyncfio,netty"
    })
public final class BusCommand implements Callable<Integer> {

  /// What a bus can have in flight.
  private static final int DEPTH_MAX = 16_384;

  /// Of all transfers in flight together.
  private static final long MEMORY_MAX = 512L << 20;

  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long WARM_UP_NANOS = SECOND_NANOS;
  private static final List<Integer> NOP_BATCHES = List.of(1, 32, 128);

  /// Options that say what the jobs are.
  private static final List<String> OF_JOBS =
      List.of("--rw", "--bs", "--depths", "--direct", "--buffered", "--registered", "--plain");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--rw",
      split = ",",
      paramLabel = "ACCESS",
      description = "randread, read, randwrite or write, a list of them (randread).")
  private @Nullable List<Access> accesses;

  @Option(
      names = "--bs",
      split = ",",
      paramLabel = "SIZE",
      defaultValue = "4k",
      converter = ByteSize.class,
      description = "Bytes of a transfer, multiples of 4k (${DEFAULT-VALUE}).")
  private List<Long> blockLengths = List.of();

  @Option(
      names = "--depths",
      split = ",",
      paramLabel = "N",
      defaultValue = "32,128",
      description =
          "Transfers in flight; for subjects that block, their threads (${DEFAULT-VALUE}).")
  private List<Integer> depths = List.of();

  @ArgGroup private CachingChoice caching = new CachingChoice();

  @ArgGroup private RegistrationChoice registration = new RegistrationChoice();

  @Option(
      names = "--vs",
      split = ",",
      paramLabel = "NAME",
      converter = ContenderKind.Converter.class,
      description = {
        "Whom to compare iobus with, a list of them (fio where it can run):",
        "  fio                  its io_uring engine with the same settings",
        "  filechannel          FileChannel from platform threads",
        "  filechannel-virtual  FileChannel from virtual threads",
        "  shared               blocking calls on a SharedBus from platform threads",
        "  shared-virtual       the same from virtual threads",
        "  bus-thread           virtual threads that hand transfers to a thread with a bus",
        "  iobus                nobody"
      })
  private @Nullable List<ContenderKind> rivals;

  @Option(
      names = "--nop",
      description = "Only measure operations that do nothing, in batches of 1, 32 and 128.")
  private boolean nop;

  @Option(
      names = "--preset",
      split = ",",
      paramLabel = "NAME",
      description = "Rows with aims, see above: nop, direct, cached, callers, virtual, pages,"
              + " echo, or aims.")
  private List<String> preset = List.of();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "With --preset: other libraries to compare with, such as jasyncfio,netty (none).")
  private List<String> peers = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How long a run lasts, after one second of warm-up (${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs of each subject (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "1g",
      converter = ByteSize.class,
      description = "Size of the file (${DEFAULT-VALUE}).")
  private long size;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      converter = BackendNames.class,
      description = "io_uring, kqueue or nio, for busses (the best that this host allows).")
  private @Nullable BackendKind backend;

  @Option(
      names = "--fio",
      paramLabel = "PROGRAM",
      defaultValue = "fio",
      description = "The fio to run (${DEFAULT-VALUE}).")
  private String fio = "fio";

  @Mixin private OutputOptions output = new OutputOptions();

  /// Past the page cache or through it.
  private static final class CachingChoice {

    @Option(names = "--direct", description = "Transfer past the page cache (the default).")
    @SuppressWarnings("unused") // A name for what is so anyway.
    private boolean direct;

    @Option(
        names = "--buffered",
        description = "Transfer through the page cache, which holds the whole file.")
    private boolean buffered;
  }

  /// Whether the kernel knows file and memory beforehand.
  private static final class RegistrationChoice {

    @Option(names = "--registered", description = "Register file and memory (the default).")
    @SuppressWarnings("unused") // A name for what is so anyway.
    private boolean registered;

    @Option(names = "--plain", description = "Register neither.")
    private boolean plain;
  }

  @Override
  public Integer call() throws Exception {
    check();
    BusJobs jobs;
    try {
      jobs = new BusJobs(settings());
    } catch (HostLacksException e) {
      say(String.valueOf(e.getMessage()));
      return ExitStatus.ENVIRONMENT;
    }
    ResultsDirectory directory = output.create("bus");
    ResultBuilder result = new ResultBuilder("bus");
    result.environment(Environment.describe(directory.data()));
    int status = run(jobs, directory.data(), result);
    output.publish(result.build(), directory);
    return status;
  }

  private void check() {
    require(!nop || rivals == null, "--nop compares with a C program: leave --vs out");
    require(preset.isEmpty() || !nop, "--preset has rows of its own: leave --nop out");
    require(preset.isEmpty() || rivals == null, "--preset has peers of its own: leave --vs out");
    require(!preset.isEmpty() || peers.isEmpty(), "--peers is for --preset");
    for (String option : OF_JOBS) {
      boolean given = spec.commandLine().getParseResult().hasMatchedOption(option);
      require(!nop || !given, "--nop transfers nothing: leave " + option + " out");
      require(preset.isEmpty() || !given, "--preset has rows of its own: leave " + option + " out");
    }
    require(seconds >= 1, "--seconds must be at least 1");
    require(rounds >= 1, "--rounds must be at least 1");
    for (int depth : depths) {
      require(depth >= 1 && depth <= DEPTH_MAX, "--depths must be in 1 to " + DEPTH_MAX);
    }
    for (long length : blockLengths) {
      require(
          length >= PageFormat.LENGTH && length % PageFormat.LENGTH == 0,
          "--bs must be multiples of 4k");
      require(length <= size, "--size must hold at least one block");
      for (int depth : depths) {
        require(
            length <= MEMORY_MAX / depth,
            "--depths times --bs must be at most " + (MEMORY_MAX >> 20) + " MiB");
      }
    }
  }

  private void require(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  private BusSettings settings() {
    Set<AimGroup> aims = aims();
    checkPeers();
    return new BusSettings(
        nop || !aims.isEmpty() ? List.of() : jobs(),
        nop || aims.contains(AimGroup.NOP) ? NOP_BATCHES : List.of(),
        aims,
        peers(),
        echoPeers(),
        rivals,
        size,
        new Comparison.Rounds(rounds, WARM_UP_NANOS, seconds * SECOND_NANOS),
        backend,
        fio);
  }

  private Set<AimGroup> aims() {
    try {
      return AimGroup.parse(preset);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--preset: " + e.getMessage(), e);
    }
  }

  private List<BlockPeer> peers() {
    List<BlockPeer> found = new ArrayList<>();
    ServiceLoader.load(BlockPeer.class).forEach(found::add);
    return found.stream().filter(peer -> peers.contains(peer.name())).toList();
  }

  private List<EchoPeer> echoPeers() {
    List<EchoPeer> found = new ArrayList<>();
    ServiceLoader.load(EchoPeer.class).forEach(found::add);
    return found.stream().filter(peer -> peers.contains(peer.name())).toList();
  }

  private void checkPeers() {
    List<String> names = new ArrayList<>();
    ServiceLoader.load(BlockPeer.class).forEach(peer -> names.add(peer.name()));
    ServiceLoader.load(EchoPeer.class).forEach(peer -> names.add(peer.name()));
    for (String name : peers) {
      require(
          names.contains(name),
          "--peers: '" + name + "' is not in this build: expected some of " + names
              + (names.isEmpty() ? "; peers come with: mvn -Ppeers -DskipTests package" : ""));
    }
  }

  private List<Job> jobs() {
    Caching cached = caching.buffered ? Caching.BUFFERED : Caching.DIRECT;
    Registration registered = registration.plain ? Registration.PLAIN : Registration.REGISTERED;
    List<Job> jobs = new ArrayList<>();
    for (Access access : accesses == null ? List.of(Access.RANDREAD) : accesses) {
      for (long length : blockLengths) {
        for (int depth : depths) {
          jobs.add(new Job(access, (int) length, depth, cached, registered));
        }
      }
    }
    return jobs;
  }

  /// Runs the jobs; what fails is told in the report and on standard error.
  private int run(BusJobs jobs, Path data, ResultBuilder result) throws Exception {
    try {
      jobs.run(data, output.progress(), result);
      return ExitStatus.OK;
    } catch (HostLacksException e) {
      return failed(result, String.valueOf(e.getMessage()), ExitStatus.ENVIRONMENT);
    } catch (MismatchException e) {
      return failed(result, "wrong answer: " + e.getMessage(), ExitStatus.FAILURE);
    } catch (IOException e) {
      return failed(result, e.toString(), ExitStatus.FAILURE);
    }
  }

  private int failed(ResultBuilder result, String reason, int status) {
    result.fail(reason);
    say(reason);
    return status;
  }

  private void say(String reason) {
    spec.commandLine().getErr().println(reason);
  }
}
