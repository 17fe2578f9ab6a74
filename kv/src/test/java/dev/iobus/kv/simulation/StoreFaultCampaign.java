package dev.iobus.kv.simulation;

import dev.iobus.kv.Store;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;

/// A little of everything that may happen to a store, for planted faults to be found by: a flush ahead
/// of the log, many crashes in a row, workloads that go well, bits that turn over in tables at rest, and crashes at every moment of a few.
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
    // They tell of what fails, which is no news here.
    busses.setLevel(Level.OFF);
    try {
      bufferIsFlushed();
      numbersAreSpent();
      CrashLoop.run(1);
      CrashLoop.runOneLife(1);
      for (int seed = 1; seed <= seeds; seed++) {
        use(seed);
        if (seed % 6 == 0) {
          new CrashCampaign(SHARES, new SimTally()).run(WorkloadGenerator.make(seed, CRASHED_STEPS));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      busses.setLevel(before);
    }
  }

  /// A flush makes a table of batches that the log has not written: it has to wait for the log, which
  /// else ends before the place where the manifest lets it begin. That is so for few operations.
  private static void bufferIsFlushed() {
    List<Step.Change> large =
        List.of(
            new Step.Change(1, 30_000), new Step.Change(2, 30_000), new Step.Change(3, 30_000));
    for (long seed = 4; seed <= 6; seed++) {
      for (long operations = 120; operations < 170; operations += 2) {
        new StoreScenario()
            .run(
                seed,
                List.of(
                    new StorePart.Does(0, new Step.Write(large, Durability.BUFFERED)),
                    new StorePart.Does(0, new Step.Flush()),
                    new StorePart.Does(0, new Step.Pause(Duration.ofMillis(200))),
                    new StorePart.Ends(0, false, operations)),
                new SimTally());
      }
    }
  }

  /// All tables go, with those of the highest numbers, before the store is opened again.
  private static void numbersAreSpent() {
    List<Step> steps = new ArrayList<>();
    List<Step.Change> gone = new ArrayList<>();
    for (int key = 0; key < 4; key++) {
      steps.add(new Step.Write(List.of(new Step.Change(key, 100)), Durability.SYNCED));
      steps.add(new Step.Flush());
      gone.add(new Step.Change(key, Step.Change.DELETE));
    }
    steps.add(new Step.Write(gone, Durability.SYNCED));
    steps.add(new Step.Compact());
    steps.add(new Step.Reopen());
    steps.addAll(steps.subList(0, 2));
    SimScheduler host = new SimScheduler(1, StoreRun.newDisk());
    host.run(() -> new StoreRun(host, new History(1), false).run(steps));
  }

  private static void use(long seed) {
    Workload workload = WorkloadGenerator.make(seed, STEPS);
    SimDisk disk = StoreRun.newDisk();
    SimScheduler host = new SimScheduler(seed, disk);
    History history = new History(workload.clients());
    try {
      StoreRun run = new StoreRun(host, history, false);
      run.lookAtFiles();
      host.run(() -> run.run(workload.steps()));
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
