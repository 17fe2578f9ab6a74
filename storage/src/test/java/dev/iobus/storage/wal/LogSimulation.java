package dev.iobus.storage.wal;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
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

/// A log on a simulated host, and a model of it that knows nothing of how a log works: the records
/// in their order, and how many of them were acknowledged.
///
/// Confined to the simulation that runs.
final class LogSimulation {

  static final Path DIRECTORY = Path.of("/iobus-simulation/log");

  private static final WalOptions OPTIONS =
      WalOptions.defaults().withSegmentBytes(64 << 10, 64 << 10).withGroupBufferBytes(16 << 10);

  /// The writers of one log in so many think before each record, for a microsecond to four and a half
  /// minutes.
  private static final int THINK_EVERY = 4;

  private static final int PAUSE_DOUBLINGS = 29;

  /// What an opening may do between its operations, in nanoseconds of virtual time for each time that
  /// the seed decides who runs.
  private static final long NANOS_PER_SWITCH = 2_000;

  /// Records in the order of their places, whether or not anybody was told.
  final List<byte[]> reserved = new ArrayList<>();

  /// How many of them were acknowledged as durable: a prefix.
  int acknowledged;

  /// What one damaged place cannot take away: a record that was acknowledged later tells of it.
  int vouched;

  /// Whether the log was closed and said so.
  boolean closed;

  /// Whether the disk may answer with errors: a writer that meets one ends.
  boolean mayFail;

  private final long seed;

  LogSimulation(long seed) {
    this.seed = seed;
  }

  static SimDisk newDisk() {
    SimDisk disk = new SimDisk();
    disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
    return disk;
  }

  /// What a run does with an open log.
  interface Use {
    void of(Wal wal, SimScheduler scheduler) throws IOException;
  }

  /// Opens the log and uses it. Returns the records that it gave back.
  static List<byte[]> open(SimScheduler scheduler, Use use) throws IOException {
    List<byte[]> recovered = new ArrayList<>();
    try (SharedBus bus =
            SharedBus.open(BusOptions.defaults().withScheduler(scheduler).withCapacity(16));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY);
        Wal wal =
            Wal.open(
                directory,
                OPTIONS,
                WalStart.NEW,
                new MemoryBudget(64 << 20),
                (lsn, end, payload) -> recovered.add(payload.toArray(ValueLayout.JAVA_BYTE)))) {
      use.of(wal, scheduler);
    }
    return recovered;
  }

  /// Appends records from several tasks; some are awaited as durable, some as written.
  void append(SimScheduler scheduler, int writers, int recordsEach) throws IOException {
    open(
        scheduler,
        (wal, host) -> {
          Scheduler.Lock order = host.newLock();
          Scheduler.Task root = host.currentTask();
          int[] running = {writers};
          for (int i = 0; i < writers; i++) {
            int number = i;
            host.start(
                "writer",
                () -> {
                  try {
                    write(wal, host, order, number, recordsEach);
                  } finally {
                    running[0]--;
                    host.unpark(root);
                  }
                });
          }
          while (running[0] > 0) {
            host.park(Long.MAX_VALUE);
          }
        });
    closed = true;
  }

  private void write(
      Wal wal, SimScheduler host, Scheduler.Lock order, int writer, int records) {
    SplittableRandom random = new SplittableRandom(seed * 31 + writer);
    try {
      for (int i = 0; i < records; i++) {
        if (seed % THINK_EVERY == 0) {
          pause(host, 1000L << random.nextInt(PAUSE_DOUBLINGS));
        }
        byte[] record = record(random, writer, i);
        Permit permit = wal.acquire(record.length);
        Place place;
        int count;
        int safe;
        order.lock();
        try {
          safe = acknowledged;
          place = wal.reserve(permit);
          reserved.add(record);
          count = reserved.size();
        } finally {
          order.unlock();
        }
        place.put(0, MemorySegment.ofArray(record), 0, record.length);
        place.fill();
        if (random.nextInt(4) > 0) {
          wal.await(place.end(), Durability.SYNCED);
          acknowledged = Math.max(acknowledged, count);
          vouched = Math.max(vouched, safe);
        } else {
          wal.await(place.end(), Durability.WRITTEN);
        }
      }
    } catch (IOException e) {
      if (!mayFail) {
        throw new AssertionError("a disk without faults failed", e);
      }
    }
  }

  /// As [#append], on a disk that may answer with errors. Returns whether power lasted.
  boolean appendDespiteErrors(SimScheduler scheduler, int writers, int recordsEach) {
    mayFail = true;
    return scheduler.run(
        () -> {
          try {
            append(scheduler, writers, recordsEach);
          } catch (IOException e) {
            assert !closed; // As it may: what was acknowledged is checked.
          }
        });
  }

  private static void pause(SimScheduler host, long nanos) {
    long end = host.nanoTime() + nanos;
    while (host.nanoTime() < end) {
      host.park(end);
    }
  }

  private static byte[] record(SplittableRandom random, int writer, int number) {
    byte[] record = new byte[8 + random.nextInt(random.nextInt(5) == 0 ? 9000 : 300)];
    random.nextBytes(record);
    record[0] = (byte) writer;
    record[1] = (byte) number;
    return record;
  }

  /// Checks what a log gave back: a prefix of what was reserved, with all that was acknowledged.
  void check(List<byte[]> recovered) {
    check(recovered, closed ? reserved.size() : acknowledged);
  }

  /// As [#check(List)], of an earlier moment.
  ///
  /// @param least records that were acknowledged by then
  void check(List<byte[]> recovered, int least) {
    assertTrue(
        recovered.size() >= least,
        () -> recovered.size() + " records came back, " + least + " were acknowledged");
    assertTrue(
        recovered.size() <= reserved.size(),
        () -> recovered.size() + " records came back of " + reserved.size());
    for (int i = 0; i < recovered.size(); i++) {
      assertArrayEquals(reserved.get(i), recovered.get(i));
    }
  }

  /// Recovers a disk after a crash, without a fault.
  static List<byte[]> recover(long seed, SimDisk disk) throws IOException {
    return recover(new SimScheduler(seed, disk));
  }

  /// Recovers the disk of a host that was not used yet.
  static List<byte[]> recover(SimScheduler scheduler) throws IOException {
    List<List<byte[]>> result = new ArrayList<>();
    assertTrue(
        scheduler.run(
            () -> {
              try {
                result.add(open(scheduler, (wal, host) -> {}));
              } finally {
                requireNothingLeft(scheduler);
              }
            }));
    // It waits for its disk, and for nothing else.
    long most = scheduler.deviceNanos() + scheduler.switches() * NANOS_PER_SWITCH;
    assertTrue(
        scheduler.elapsedNanos() <= most,
        () -> "an opening took " + scheduler.elapsedNanos() + " ns, its operations " + most);
    return result.getFirst();
  }

  private static void requireNothingLeft(SimScheduler host) {
    List<String> left = host.leftovers();
    assertTrue(left.isEmpty(), () -> left + " are left");
  }

  /// Begins to recover a disk and loses power after so many operations. Returns whether it was over
  /// before.
  static boolean recoverUntil(long seed, SimDisk disk, long operations) throws IOException {
    SimScheduler scheduler =
        new SimScheduler(seed, disk, new Faults().losePowerAfter(operations));
    return scheduler.run(() -> open(scheduler, (wal, host) -> {}));
  }

  static void assertSameRecords(List<byte[]> expected, List<byte[]> found) {
    assertTrue(
        expected.size() == found.size(),
        () -> expected.size() + " records came back first, then " + found.size());
    for (int i = 0; i < found.size(); i++) {
      assertTrue(Arrays.equals(expected.get(i), found.get(i)));
    }
  }
}
