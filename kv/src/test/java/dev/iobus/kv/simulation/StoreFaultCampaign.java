package dev.iobus.kv.simulation;

import dev.iobus.kv.Store;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;

/// A little of everything that may happen to a store, for planted faults to be found by: workloads
/// that go well, bits that turn over in tables at rest, and crashes at every moment of a few.
/// Stateless.
public final class StoreFaultCampaign {

  private static final int SEEDS = 12;
  private static final int SEEDS_OF_SEARCH = 200;
  private static final int STEPS = 24;
  private static final int CRASHED_STEPS = 7;
  private static final int FLIPS = 3;
  private static final CrashCampaign.Shares SHARES = new CrashCampaign.Shares(5, 60, 60, 12);

  private StoreFaultCampaign() {}

  /// What is green without a fault.
  public static void run() {
    run(SEEDS);
  }

  /// As [#run()], with as many more seeds as a rare order may need to be met.
  public static void search() {
    run(SEEDS_OF_SEARCH);
  }

  private static void run(int seeds) {
    Logger busses = Logger.getLogger("dev.iobus");
    Level before = busses.getLevel();
    // They tell of what is left when power is lost, which is no news here.
    busses.setLevel(Level.OFF);
    try {
      for (int seed = 1; seed <= seeds; seed++) {
        use(seed);
        if (seed % 6 == 0) {
          new CrashCampaign(SHARES, new SimTally()).run(WorkloadGenerator.make(seed, CRASHED_STEPS));
        }
      }
    } finally {
      busses.setLevel(before);
    }
  }

  private static void use(long seed) {
    Workload workload = WorkloadGenerator.make(seed, STEPS);
    SimDisk disk = StoreRun.newDisk();
    SimScheduler host = new SimScheduler(seed, disk);
    History history = new History(workload.clients());
    try {
      host.run(() -> new StoreRun(host, history, false).run(workload.steps()));
      flipBits(new SplittableRandom(seed), disk, history);
    } catch (AssertionError | RuntimeException | IOException e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private static void flipBits(SplittableRandom random, SimDisk disk, History history)
      throws IOException {
    List<String> tables =
        disk.list(StoreRun.DIRECTORY).stream().filter(name -> name.startsWith("table-")).toList();
    for (int i = 0; i < FLIPS && !tables.isEmpty(); i++) {
      SimDisk damaged = disk.crash(1);
      Path file = StoreRun.DIRECTORY.resolve(tables.get(random.nextInt(tables.size())));
      byte[] bytes = damaged.read(file);
      if (bytes.length == 0) {
        throw new AssertionError(file + " is empty after a crash");
      }
      int at = random.nextInt(bytes.length);
      while (bytes[at] == 0) {
        at = (at + 1) % bytes.length;
      }
      damaged.flipBit(file, at, random.nextInt(8));
      requireMaskedOrReported(new SimScheduler(i, damaged), history, file + " at " + at);
    }
  }

  private static void requireMaskedOrReported(SimScheduler host, History history, String where) {
    host.run(
        () -> {
          try (Store store = Store.open(StoreRun.DIRECTORY, StoreRun.options(host))) {
            history.settle(Contents.of(store, history), History.Kept.ALL);
          } catch (IOException e) {
            if (!DamageReport.isIn(e)) {
              throw new AssertionError("damage of " + where + " that is no corruption", e);
            }
          }
        });
  }
}
