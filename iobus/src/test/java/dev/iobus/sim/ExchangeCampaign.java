package dev.iobus.sim;

/// Some seeds of [ExchangeScenario]: what finds mistakes that are planted into a bus.
public final class ExchangeCampaign {

  private ExchangeCampaign() {}

  /// A few seeds, until one fails.
  public static void run() throws Exception {
    run(0, 40, new SimTally());
  }

  static void run(long from, long to, SimTally tally) throws Exception {
    ExchangeScenario scenario = new ExchangeScenario();
    for (long seed = from; seed < to; seed++) {
      Throwable failure = Shrinker.failure(scenario, seed, tally);
      if (failure != null) {
        throw new AssertionError("seed " + seed, failure);
      }
    }
  }
}
