package dev.iobus.kv.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// A store on a simulated host does what it does on a real one, and the same for the same seed.
final class StoreSimulationTest {

  @Test
  void crashesLeaveWhatWasAcknowledged() {
    CrashCampaign campaign = new CrashCampaign(CrashCampaign.Shares.BUILD, new SimTally());
    campaign.run(WorkloadGenerator.make(4, 8));
    assertTrue(campaign.images() > 100, campaign::toString);
  }

  @Test
  void aDirectoryDoesNotGrowWithCrashes() throws IOException {
    CrashLoop.run(4);
  }

  @Test
  void aLogDoesNotGrowWithWhatIsFlushed() {
    for (long seed = 1; seed <= 5; seed++) {
      CrashLoop.runOneLife(seed);
    }
  }

  @Test
  void sameSeedSameTrace() {
    for (int seed = 1; seed <= 3; seed++) {
      assertEquals(trace(seed), trace(seed), "seed " + seed);
    }
  }

  private static long trace(long seed) {
    SimDisk disk = StoreRun.newDisk();
    SimScheduler host = new SimScheduler(seed, disk);
    StoreRun run = new StoreRun(host, new History(Entries.CLIENTS), false);
    assertTrue(host.run(() -> assertTrue(run.run(WorkloadGenerator.make(seed, 12).steps()))));
    return host.traceHash();
  }
}
