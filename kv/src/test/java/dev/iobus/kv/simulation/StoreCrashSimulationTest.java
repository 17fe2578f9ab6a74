package dev.iobus.kv.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimTally;
import dev.iobus.storage.wal.Durability;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A store whose power is lost, and whose process is killed, at every moment of short workloads.
///
/// The system property `iobus.simulation.workloads` says how many ([#WORKLOADS]; the profile
/// `simulation` has a thousand), `iobus.simulation.seed` where they begin, and
/// `iobus.simulation.seconds` for how long any is begun. A failure names its
/// seed; `-Diobus.simulation.seed=SEED -Diobus.simulation.workloads=1` runs that alone.
final class StoreCrashSimulationTest {

  private static final int WORKLOADS = Integer.getInteger("iobus.simulation.workloads", 40);
  private static final int SEED = Integer.getInteger("iobus.simulation.seed", 1);

  /// Whether every recovery is cut short, at least once.
  private static final CrashCampaign.Shares SHARES =
      Boolean.getBoolean("iobus.simulation.night")
          ? CrashCampaign.Shares.NIGHT
          : CrashCampaign.Shares.BUILD;

  private static final int STEPS = 8;

  @Test
  @SuppressWarnings("SystemOut") // The number is what the campaign is measured by.
  void everyCrashLeavesWhatWasAcknowledged() throws Exception {
    SimTally tally = new SimTally();
    List<CrashCampaign> done =
        Campaigns.run(
            SEED,
            WORKLOADS,
            seed -> {
              CrashCampaign campaign = new CrashCampaign(SHARES, tally);
              campaign.run(WorkloadGenerator.make(seed, STEPS));
              return campaign;
            });
    CrashCampaign all = done.stream().reduce(CrashCampaign::and).orElseThrow();
    System.out.println(all + "; " + tally);
    assertTrue(all.images() >= 500L * done.size(), all::toString);
  }

  /// Batches that are not written yet when a flush has made a table of them: the manifest let the
  /// log begin behind them, in a segment that was not begun, and what a crash left was taken for a
  /// log that has lost a segment.
  @Test
  void aFlushOfWhatTheLogHasNotWritten() throws Exception {
    int third = 20_000;
    List<Step> steps =
        List.of(
            new Step.Write(List.of(new Step.Change(1, third)), Durability.SYNCED),
            new Step.Write(List.of(new Step.Change(2, third)), Durability.SYNCED),
            new Step.Write(List.of(new Step.Change(3, 9000)), Durability.BUFFERED),
            new Step.Write(List.of(new Step.Change(4, 9000)), Durability.BUFFERED),
            new Step.Flush(),
            new Step.Write(List.of(new Step.Change(5, 100)), Durability.WRITTEN));
    CrashCampaign all =
        Campaigns.run(
                1,
                5,
                seed -> {
                  CrashCampaign campaign =
                      new CrashCampaign(CrashCampaign.Shares.BUILD, new SimTally());
                  campaign.run(new Workload(seed, 1, steps));
                  return campaign;
                })
            .stream()
            .reduce(CrashCampaign::and)
            .orElseThrow();
    assertTrue(all.images() > 500, all::toString);
  }
}
