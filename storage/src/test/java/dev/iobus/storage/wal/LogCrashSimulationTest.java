package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A log whose power is lost at every moment of one run, and at every moment of some recoveries.
///
/// The system property `iobus.simulation.logs` says for how many seeds ([#LOGS]), and
/// `iobus.simulation.seed` where they begin.
final class LogCrashSimulationTest {

  private static final int LOGS = Integer.getInteger("iobus.simulation.logs", 40);
  private static final int SEED = Integer.getInteger("iobus.simulation.seed", 1);

  /// How much of what was not durable the crashes of one moment keep, in percent.
  private static final int[] KEPT = {0, 100, 50, 90};

  /// One recovery in so many is cut short at each of its moments.
  private static final int NESTED_EVERY = 50;

  private static final Logger BUSSES = Logger.getLogger("dev.iobus");

  private long points;

  /// What a crash leaves.
  ///
  /// @param least records that must come back
  private record Image(long operation, SimDisk disk, int least) {}

  /// A bus that is left when its simulation ends says what it leaves in flight, which is no news
  /// here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  @Test
  @SuppressWarnings("SystemOut") // The number is what the campaign is measured by.
  void everyCrashLeavesWhatWasAcknowledged() throws IOException {
    for (int seed = SEED; seed < SEED + LOGS; seed++) {
      crashEverywhere(seed);
    }
    System.out.println(points + " crash points of a log");
    assertTrue(points >= 100L * LOGS, points + " crash points");
  }

  private void crashEverywhere(long seed) throws IOException {
    SimDisk disk = LogSimulation.newDisk();
    SimScheduler host = new SimScheduler(seed, disk);
    LogSimulation log = new LogSimulation(seed);
    List<Image> images = watch(host, disk, log);
    assertTrue(host.run(() -> log.append(host, 1 + (int) (seed % 3), 5)));
    for (int i = 0; i < images.size(); i++) {
      Image image = images.get(i);
      try {
        recover(seed + i, image, log, (seed + i) % NESTED_EVERY == 0);
      } catch (IOException | AssertionError e) {
        throw new AssertionError(
            "seed " + seed + ", image " + i + ", at operation " + image.operation(), e);
      }
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
              images.add(new Image(host.operations(), image, least));
            }
          }
        });
    return images;
  }

  private void recover(long seed, Image image, LogSimulation log, boolean nest)
      throws IOException {
    points++;
    SimScheduler host = new SimScheduler(seed, image.disk());
    List<Image> nested = nest ? watch(host, image.disk(), log) : List.of();
    List<byte[]> recovered = LogSimulation.recover(host);
    log.check(recovered, image.least());
    for (Image below : nested) {
      points++;
      LogSimulation.assertSameRecords(
          recovered, LogSimulation.recover(new SimScheduler(seed + points, below.disk())));
    }
  }
}
