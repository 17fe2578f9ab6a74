package dev.iobus.kv.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import dev.iobus.storage.wal.Durability;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A store whose disk fails at every operation of short workloads, once and for ever.
///
/// The system property `iobus.simulation.errors` says of how many ([#WORKLOADS]),
/// `iobus.simulation.step` that one operation in so many fails ([#STEP]); the profile `simulation`
/// lets every one fail.
final class StoreErrorSimulationTest {

  private static final int WORKLOADS = Integer.getInteger("iobus.simulation.errors", 50);
  private static final int STEP = Integer.getInteger("iobus.simulation.step", 10);
  private static final int SEED = Integer.getInteger("iobus.simulation.seed", 1);

  private static final int STEPS = 8;

  @Test
  @SuppressWarnings("SystemOut") // The number is what the campaign is measured by.
  void everyErrorLeavesWhatWasAcknowledged() throws Exception {
    SimTally tally = new SimTally();
    List<ErrorCampaign> done =
        Campaigns.run(
            SEED,
            WORKLOADS,
            seed -> {
              ErrorCampaign campaign = new ErrorCampaign(tally);
              campaign.run(WorkloadGenerator.make(seed, STEPS), STEP);
              return campaign;
            });
    long runs = done.stream().mapToLong(ErrorCampaign::runs).sum();
    long several = done.stream().mapToLong(ErrorCampaign::runsOfSeveral).sum();
    System.out.println(
        runs + " runs of a store with an error, " + several + " of them of several clients; "
            + tally);
    assertTrue(runs >= 200L * done.size() / STEP, runs + " runs");
  }

  /// A table that could not be deleted when a compaction had replaced it kept those behind it open,
  /// when the store was closed too, and the store from writing.
  @Test
  void tablesThatCannotBeDeletedAreClosed() {
    List<Step> steps =
        List.of(
            new Step.Write(List.of(new Step.Change(1, 100)), Durability.SYNCED),
            new Step.Flush(),
            new Step.Write(List.of(new Step.Change(2, 100)), Durability.SYNCED),
            new Step.Flush(),
            new Step.Write(List.of(new Step.Change(3, 100)), Durability.SYNCED),
            new Step.Compact(),
            new Step.Write(List.of(new Step.Change(4, 100)), Durability.SYNCED));
    for (int seed = 1; seed <= 10; seed++) {
      Faults faults = new Faults();
      Fault fault = faults.error("EIO", SimOperation.UNLINK).inFiles("table-*").sticky();
      SimScheduler host = new SimScheduler(seed, StoreRun.newDisk(), faults);
      History history = new History(1);
      StoreRun run = new StoreRun(host, history, true);
      host.run(() -> run.run(steps));
      assertTrue(fault.struck() > 0);
      assertTrue(history.view().promised() == 4, "the store failed");
    }
  }
}
