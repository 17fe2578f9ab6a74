package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Damage;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import dev.iobus.storage.file.CorruptionException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A log whose power is lost at every moment of one run; recoveries are cut short in turn, at one
/// moment or at each, and some of what a crash has left is damaged first.
///
/// The system property `iobus.simulation.logs` says for how many seeds ([#LOGS]),
/// `iobus.simulation.seed` where they begin, and `iobus.simulation.seconds` for how long any is begun.
/// With `iobus.simulation.night` every recovery is cut short.
final class LogCrashSimulationTest {

  private static final int LOGS = Integer.getInteger("iobus.simulation.logs", 40);
  private static final int SEED = Integer.getInteger("iobus.simulation.seed", 1);
  private static final long SECONDS = Long.getLong("iobus.simulation.seconds", 36_000);

  /// How much of what was not durable the crashes of one moment keep, in percent.
  private static final int[] KEPT = {0, 100, 50, 90};

  private static final boolean NIGHT = Boolean.getBoolean("iobus.simulation.night");

  // One recovery in so many is cut short at a moment that the seed chooses, at each of its moments,
  // or has one place damaged before.
  private static final int CUT_EVERY = NIGHT ? 1 : 4;
  private static final int NESTED_EVERY = NIGHT ? 50 : 150;
  private static final int DAMAGED_EVERY = NIGHT ? 2 : 8;

  /// One recovery in so many that was cut short is cut short again.
  private static final int DEEPER = 4;

  private static final Logger BUSSES = Logger.getLogger("dev.iobus");

  private final SimTally tally = new SimTally();
  private long points;
  private long nested;
  private long damaged;
  private long reported;

  /// What a crash leaves.
  ///
  /// @param least records that must come back
  /// @param vouched those that must when one place was damaged
  private record Image(long operation, SimDisk disk, int least, int vouched) {}

  /// A log that waits for its device says so, which is no news here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  @Test
  @SuppressWarnings("SystemOut") // The numbers are what the campaign is measured by.
  void everyCrashLeavesWhatWasAcknowledged() throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    int seed = SEED;
    while (seed < SEED + LOGS && System.nanoTime() - end < 0) {
      crashEverywhere(seed);
      seed++;
    }
    System.out.println(
        points + " crash points of a log: " + nested + " in recoveries, " + damaged
            + " damaged, of which " + reported + " were reported; " + tally
            + "; the next is -Diobus.simulation.seed=" + seed);
    assertTrue(points >= 100L * (seed - SEED), points + " crash points");
  }

  private void crashEverywhere(long seed) throws IOException {
    SimDisk disk = LogSimulation.newDisk();
    SimScheduler host = new SimScheduler(seed, disk);
    LogSimulation log = new LogSimulation(seed);
    List<Image> images = watch(host, disk, log);
    assertTrue(host.run(() -> log.append(host, 1 + (int) (seed % 3), 5)));
    tally.add(host);
    SimDisk earlier = LogSimulation.newDisk();
    for (int i = 0; i < images.size(); i++) {
      Image image = images.get(i);
      SimDisk whole = image.disk().kill(i);
      try {
        recover(new SplittableRandom(seed * 100_000 + i), image, whole, earlier, log);
      } catch (IOException | AssertionError e) {
        throw new AssertionError(
            "seed " + seed + ", image " + i + ", at operation " + image.operation(), e);
      }
      earlier = i % 20 == 0 ? whole : earlier;
    }
  }

  /// Takes the different images of all moments.
  private static List<Image> watch(SimScheduler host, SimDisk disk, LogSimulation log) {
    List<Image> images = new ArrayList<>();
    Set<Long> known = new HashSet<>();
    long[] moments = {0};
    host.watch(
        () -> {
          moments[0]++;
          int least = log.closed ? log.reserved.size() : log.acknowledged;
          for (int kept : KEPT) {
            SimDisk image = disk.crash(moments[0] * 31 + kept, kept);
            if (known.add(image.contentHash() * 31 + least)) {
              images.add(new Image(host.operations(), image, least, log.vouched));
            }
          }
        });
    return images;
  }

  /// @param whole as the image, to be kept
  /// @param earlier where stale blocks come from
  private void recover(
      SplittableRandom random, Image image, SimDisk whole, SimDisk earlier, LogSimulation log)
      throws IOException {
    SimScheduler host = new SimScheduler(random.nextLong(), image.disk());
    boolean nest = random.nextInt(NESTED_EVERY) == 0;
    List<Image> below = nest ? watch(host, image.disk(), log) : List.of();
    List<byte[]> recovered = recover(host);
    log.check(recovered, image.least());
    for (Image each : below) {
      nested++;
      LogSimulation.assertSameRecords(
          recovered, recover(new SimScheduler(random.nextLong(), each.disk())));
    }
    if (random.nextInt(CUT_EVERY) == 0) {
      cut(random, whole.kill(1), host.operations(), recovered);
    }
    if (random.nextInt(DAMAGED_EVERY) == 0) {
      damage(random, whole.kill(1), earlier, image, log);
    }
  }

  private List<byte[]> recover(SimScheduler host) throws IOException {
    points++;
    try {
      return LogSimulation.recover(host);
    } finally {
      tally.add(host);
    }
  }

  /// Cuts a recovery short at a moment, perhaps the one after it too, and recovers what is left.
  private void cut(
      SplittableRandom random, SimDisk whole, long operations, List<byte[]> recovered)
      throws IOException {
    SimDisk disk = whole;
    do {
      Faults faults = new Faults().losePowerAfter(1 + random.nextLong(operations));
      SimScheduler host = new SimScheduler(random.nextLong(), disk, faults);
      boolean ended = host.run(() -> LogSimulation.open(host, (wal, used) -> {}));
      tally.add(host);
      boolean power = !ended && random.nextBoolean();
      disk = power ? disk.crash(random.nextLong()) : disk.kill(random.nextLong());
      nested++;
    } while (random.nextInt(DEEPER) == 0);
    LogSimulation.assertSameRecords(
        recovered, recover(new SimScheduler(random.nextLong(), disk)));
  }

  /// Damage is told, or takes no more than what was written last.
  private void damage(
      SplittableRandom random, SimDisk disk, SimDisk earlier, Image image, LogSimulation log)
      throws IOException {
    String what = Damage.one(random, disk, LogSimulation.DIRECTORY, earlier);
    if (what == null) {
      return;
    }
    damaged++;
    try {
      log.check(recover(new SimScheduler(random.nextLong(), disk)), image.vouched());
    } catch (CorruptionException e) {
      reported++;
      String directory = LogSimulation.DIRECTORY.toString();
      assertTrue(e.offset() >= 0 && e.file().startsWith(directory), e::getMessage);
    } catch (IOException | AssertionError e) {
      throw new AssertionError("damaged: " + what, e);
    }
  }
}
