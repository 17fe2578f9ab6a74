package dev.iobus.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimTally;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Many seeds of a server and its clients, each with its own faults.
final class SocketErrorSimulationTest {

  private static final int SEEDS = 150;

  @Test
  @SuppressWarnings("SystemOut") // The numbers are what a campaign is measured by.
  void everyByteComesBackWhateverTheNetworkDoes() {
    SimTally tally = new SimTally();
    SocketCampaign.run(0, SEEDS, tally);
    System.out.println("sockets: " + tally);
    assertEquals(SEEDS, tally.simulations());
    assertTrue(tally.faults() > SEEDS, "nothing went wrong");
  }

  @Tag("long")
  @Test
  void everySeedOfThousands() {
    SocketCampaign.run(1000, 20_000, new SimTally());
  }
}
