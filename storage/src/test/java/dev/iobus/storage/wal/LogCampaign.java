package dev.iobus.storage.wal;

import static java.util.Objects.requireNonNull;

import dev.iobus.BusOptions;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The log on a simulated host with everything that may happen to it in a few generations: several
/// writers, releases and recycled segments, long records, losses of power also while it opens,
/// failed syncs and writes, and bits that turn over while it is closed. A model that knows nothing
/// of how a log works says what must come back.
///
/// What finds planted faults, so it is small and quick to find. Confined to one thread.
public final class LogCampaign {

  private static final Path DIRECTORY = Path.of("/iobus-campaign/log");
  private static final int SEEDS = 120;

  /// How far it is looked for a fault that is known to be there: some need a rare interleaving.
  private static final int SEEDS_TO_FIND = 1000;

  private static final int GENERATIONS = 5;

  /// One host of so many ties writes to their syncs.
  private static final int LINKED_PART = 3;

  private static final int[] SIZES = {8, 100, 1000, 4000, 4048, 9000, 40_000};

  private static final WalOptions OPTIONS =
      WalOptions.defaults().withSegmentBytes(64 << 10, 64 << 10).withGroupBufferBytes(16 << 10);

  private record Entry(long lsn, long end, byte[] bytes) {}

  private final SplittableRandom random;
  private final long seed;

  /// Lengths of records. Where all are equal, so are the places of frames in all uses of a segment.
  private final int[] sizes;

  /// How many of four records are awaited only as written.
  private final int writtenOfFour;

  /// What was reserved, in order; after a recovery what came back.
  private List<Entry> entries = new ArrayList<>();

  /// Everything below it was acknowledged as durable, or has come back once.
  private long acknowledged;

  /// As much has reached the kernel and outlives the process, but no loss of power.
  private long written;

  /// What the owner remembers.
  private WalStart start = WalStart.NEW;

  private SimDisk disk;

  private LogCampaign(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.sizes = random.nextInt(3) == 0 ? new int[] {1000} : SIZES;
    this.writtenOfFour = random.nextInt(3) == 0 ? 3 : 1;
    this.disk = new SimDisk();
    disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
  }

  /// Runs the seeds of every test run.
  public static void run() throws IOException {
    run(SEEDS);
  }

  /// Runs seeds until one fails.
  public static void search() throws IOException {
    run(SEEDS_TO_FIND);
  }

  private static void run(int seeds) throws IOException {
    Logger busses = Logger.getLogger("dev.iobus");
    Level before = busses.getLevel();
    // They tell of errors, which is no news here.
    busses.setLevel(Level.OFF);
    try {
      for (int seed = 1; seed <= seeds; seed++) {
        try {
          new LogCampaign(seed).runGenerations();
        } catch (AssertionError | RuntimeException | IOException e) {
          throw new AssertionError("seed " + seed, e);
        }
      }
    } finally {
      busses.setLevel(before);
    }
  }

  private void runGenerations() throws IOException {
    boolean killed = false;
    for (int generation = 0; generation < GENERATIONS; generation++) {
      Faults faults = new Faults();
      Fault error = null;
      switch (random.nextInt(4)) {
        case 0 -> {}
        case 1, 2 -> faults.losePowerAfter(1 + random.nextInt(killed ? 120 : 250));
        default -> error = error(faults);
      }
      boolean ended = runOnce(new SimScheduler(random.nextLong(), disk, faults), error);
      killed = !ended && error == null && random.nextInt(2) == 0;
      if (!killed && (!ended || error != null || random.nextInt(3) == 0)) {
        disk = disk.crash(random.nextLong());
        written = acknowledged;
      }
    }
    checkRot();
  }

  private Fault error(Faults faults) {
    return switch (random.nextInt(3)) {
      case 0 -> faults.error("EIO", SimOperation.WRITE).inFiles("wal-*").at(1 + random.nextInt(40));
      case 1 -> faults.error("EIO", SimOperation.DATA_SYNC, SimOperation.SYNC).withOdds(0.05);
      default -> faults.error("EIO", SimOperation.DATA_SYNC).at(1 + random.nextInt(20));
    };
  }

  /// Opens the log, checks what it gives back, uses it.
  ///
  /// @param error what may make it fail
  /// @return whether power was there to the end
  private boolean runOnce(SimScheduler scheduler, @Nullable Fault error) throws IOException {
    int writers = 1 + random.nextInt(5);
    int records = random.nextInt(14);
    long workSeed = random.nextLong();
    boolean ended;
    try {
      ended = scheduler.run(() -> openAndUse(scheduler, writers, records, workSeed));
    } catch (IOException e) {
      if (error == null || error.struck() == 0 || e instanceof CorruptionException) {
        throw e;
      }
      ended = true;
    }
    return ended;
  }

  private void openAndUse(SimScheduler scheduler, int writers, int records, long workSeed)
      throws IOException {
    List<Entry> recovered = new ArrayList<>();
    try (SharedBus bus =
            SharedBus.open(BusOptions.defaults().withScheduler(scheduler).withCapacity(16));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY);
        Wal wal = open(bus, directory, recovered)) {
      accept(recovered);
      Scheduler.Task root = scheduler.currentTask();
      Scheduler.Lock order = scheduler.newLock();
      int[] running = {writers};
      for (int i = 0; i < writers; i++) {
        SplittableRandom own = new SplittableRandom(workSeed + i);
        scheduler.start(
            "writer",
            () -> {
              try {
                write(wal, order, own, records);
              } finally {
                running[0]--;
                scheduler.unpark(root);
              }
            });
      }
      while (running[0] > 0) {
        scheduler.park(Long.MAX_VALUE);
      }
    }
    // Closed without a failure: everything is durable.
    acknowledged = entries.isEmpty() ? acknowledged : entries.getLast().end();
  }

  private Wal open(SharedBus bus, DataDirectory directory, List<Entry> recovered)
      throws IOException {
    LogFiles files = LogFiles.of(directory);
    boolean linked = seed % LINKED_PART == 0;
    return Wal.open(
        directory,
        linked ? SlowedFiles.butForTied(files, bus.scheduler()) : files,
        OPTIONS,
        start,
        new MemoryBudget(64 << 20),
        (lsn, end, payload) ->
            recovered.add(new Entry(lsn, end, payload.toArray(ValueLayout.JAVA_BYTE))));
  }

  private void write(Wal wal, Scheduler.Lock order, SplittableRandom own, int records) {
    try {
      for (int i = 0; i < records; i++) {
        byte[] record = new byte[sizes[own.nextInt(sizes.length)]];
        own.nextBytes(record);
        Permit permit = wal.acquire(record.length);
        Place place;
        order.lock();
        try {
          place = wal.reserve(permit);
          entries.add(new Entry(place.lsn(), place.end(), record));
        } finally {
          order.unlock();
        }
        place.put(0, MemorySegment.ofArray(record), 0, record.length);
        place.fill();
        if (own.nextInt(4) < writtenOfFour) {
          wal.await(place.end(), Durability.WRITTEN);
          written = Math.max(written, place.end());
          continue;
        }
        wal.await(place.end(), Durability.SYNCED);
        acknowledged = Math.max(acknowledged, place.end());
        if (own.nextInt(3) == 0) {
          release(wal, own);
        }
      }
    } catch (IOException failed) {
      // Errors are planned; what was acknowledged before stays so, and the log says no more.
      require(
          failed instanceof WalFailedException || failed instanceof WalFullException,
          () -> "an untyped failure: " + failed);
    }
  }

  /// Gives up what lies before one of the last records that were acknowledged.
  private void release(Wal wal, SplittableRandom own) {
    int count = 0;
    while (count < entries.size() && entries.get(count).end() <= acknowledged) {
      count++;
    }
    long end = entries.get(Math.max(0, count - 1 - own.nextInt(16))).end();
    if (end > start.lsn()) {
      start = new WalStart(end, acknowledged);
      wal.release(end);
    }
  }

  /// Checks what came back, which is what must come back from now on.
  private void accept(List<Entry> recovered) {
    long end = check(recovered);
    long least = Math.max(acknowledged, written);
    require(end >= least, () -> "acknowledged up to " + least + ", back up to " + end);
    entries = recovered;
    acknowledged = end;
    written = end;
  }

  /// Checks that entries came back whole, in order and without a gap. Returns where they end.
  private long check(List<Entry> recovered) {
    List<Entry> expected =
        entries.stream().filter(entry -> entry.lsn() >= start.lsn()).toList();
    require(
        recovered.size() <= expected.size(),
        () -> recovered.size() + " records are back of " + expected.size());
    for (int i = 0; i < recovered.size(); i++) {
      Entry found = recovered.get(i);
      Entry known = expected.get(i);
      boolean same =
          found.lsn() == known.lsn()
              && found.end() == known.end()
              && Arrays.equals(found.bytes(), known.bytes());
      require(same, () -> "the record at LSN " + known.lsn() + " is another");
    }
    return recovered.isEmpty() ? start.lsn() : recovered.getLast().end();
  }

  /// Turns single bits over in a log that was closed: everything is there all the same, or the
  /// damage is reported.
  private void checkRot() throws IOException {
    SimScheduler last = new SimScheduler(random.nextLong(), disk);
    require(last.run(() -> openAndUse(last, 2, 8, random.nextLong())), () -> "power is lost");
    for (int i = 0; i < 12; i++) {
      SimDisk damaged = disk.crash(1);
      Path file = flipBit(damaged);
      List<Entry> recovered = new ArrayList<>();
      SimScheduler scheduler = new SimScheduler(seed, damaged);
      try {
        scheduler.run(() -> recover(scheduler, recovered));
      } catch (CorruptionException reported) {
        continue;
      }
      long end = check(recovered);
      require(
          end >= acknowledged,
          () -> "a bit of " + file + " is wrong, the log ends at " + end + " and does not say so");
    }
  }

  /// Turns one bit of a byte that is not zero over, of which a log has some.
  private Path flipBit(SimDisk damaged) throws IOException {
    List<String> names = damaged.list(DIRECTORY);
    while (true) {
      Path file = DIRECTORY.resolve(names.get(random.nextInt(names.size())));
      byte[] bytes = damaged.read(file);
      int at = random.nextInt(bytes.length + 1);
      while (at < bytes.length && bytes[at] == 0) {
        at++;
      }
      if (at < bytes.length && file.getFileName().toString().startsWith("wal-")) {
        damaged.flipBit(file, at, random.nextInt(8));
        return file;
      }
    }
  }

  private void recover(SimScheduler scheduler, List<Entry> recovered) throws IOException {
    try (SharedBus bus =
            SharedBus.open(BusOptions.defaults().withScheduler(scheduler).withCapacity(16));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY);
        Wal wal = open(bus, directory, recovered)) {
      require(wal.tail() >= start.lsn(), () -> "a log that ends at " + wal.tail());
    }
  }

  private static void require(boolean holds, Supplier<String> otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise.get());
    }
  }
}
