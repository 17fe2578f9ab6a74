package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// More of them: `-Diobus.exchange.seeds=100000`.
final class ExchangeErrorSimulationTest {

  private static final int SEEDS = Integer.getInteger("iobus.exchange.seeds", 150);

  @Test
  void requestsAreAnsweredWhateverTheNetworkDoes() throws Exception {
    SimTally tally = new SimTally();
    ExchangeCampaign.run(0, SEEDS, tally);
    System.out.printf(
        "%d exchanges, %d faults, %d operations, %d switches%n",
        tally.simulations(), tally.faults(), tally.operations(), tally.switches());
    assertEquals(SEEDS, tally.simulations());
    assertTrue(tally.faults() > SEEDS, "nothing went wrong");
  }
}
