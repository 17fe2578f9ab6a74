package dev.iobus.simulation;

import dev.iobus.sim.Shrinker;
import dev.iobus.sim.SimTally;

/// Some seeds of [SocketScenario]: what finds mistakes that are planted into a bus. Stateless.
public final class SocketCampaign {

  private static final int SEEDS = 40;

  private SocketCampaign() {}

  /// A few seeds, until one fails.
  public static void run() {
    run(0, SEEDS, new SimTally());
  }

  static void run(long from, long to, SimTally tally) {
    SocketScenario scenario = new SocketScenario();
    for (long seed = from; seed < to; seed++) {
      Throwable failure = Shrinker.failure(scenario, seed, tally);
      if (failure != null) {
        throw new AssertionError(
            "seed " + seed + "; ./bench/run torture sockets --from " + seed + " --seeds 1", failure);
      }
    }
  }
}
