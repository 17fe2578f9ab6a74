package dev.iobus.kv.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.wal.Durability;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A store whose power is lost, and whose process is killed, at every moment of short workloads.
///
/// The system property `iobus.simulation.workloads` says how many ([#WORKLOADS]; the profile
/// `simulation` has a thousand), `iobus.simulation.seed` where they begin. A failure names its
/// seed; `-Diobus.simulation.seed=SEED -Diobus.simulation.workloads=1` runs that alone.
final class StoreCrashSimulationTest {

  private static final int WORKLOADS = Integer.getInteger("iobus.simulation.workloads", 45);
  private static final int SEED = Integer.getInteger("iobus.simulation.seed", 1);

  private static final int STEPS = 8;

  @Test
  @SuppressWarnings("SystemOut") // The number is what the campaign is measured by.
  void everyCrashLeavesWhatWasAcknowledged() throws Exception {
    List<CrashCampaign> done =
        Campaigns.run(
            SEED,
            WORKLOADS,
            seed -> {
              CrashCampaign campaign = new CrashCampaign(100, 100);
              campaign.run(WorkloadGenerator.make(seed, STEPS));
              return campaign;
            });
    long points = done.stream().mapToLong(CrashCampaign::images).sum();
    System.out.println(points + " crash points of a store");
    assertTrue(points >= 500L * WORKLOADS, points + " crash points");
  }

  /// Batches that are not written yet when a flush has made a table of them: the manifest let the
  /// log begin behind them, in a segment that was not begun, and what a crash left was taken for a
  /// log that has lost a segment.
  @Test
  void aFlushOfWhatTheLogHasNotWritten() {
    int third = 20_000;
    List<Step> steps =
        List.of(
            new Step.Write(List.of(new Step.Change(1, third)), Durability.SYNCED),
            new Step.Write(List.of(new Step.Change(2, third)), Durability.SYNCED),
            new Step.Write(List.of(new Step.Change(3, 9000)), Durability.BUFFERED),
            new Step.Write(List.of(new Step.Change(4, 9000)), Durability.BUFFERED),
            new Step.Flush(),
            new Step.Write(List.of(new Step.Change(5, 100)), Durability.WRITTEN));
    CrashCampaign campaign = new CrashCampaign(1000, 1000);
    for (int seed = 1; seed <= 5; seed++) {
      campaign.run(new Workload(seed, steps));
    }
    assertTrue(campaign.images() > 500, campaign::toString);
  }
}
