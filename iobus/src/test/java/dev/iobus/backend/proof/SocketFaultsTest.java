package dev.iobus.backend.proof;

import dev.iobus.proof.Campaign;
import dev.iobus.proof.CodeChange;
import dev.iobus.proof.PlantedFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Mistakes with sockets and pools, each planted into a bus: a swarm over simulated sockets finds
/// every one.
final class SocketFaultsTest {

  private static final Campaign CAMPAIGN = new Campaign("dev.iobus.simulation.SocketCampaign", "run", 20);

  private static final List<PlantedFault> ALL =
      List.of(
          new PlantedFault(
              "a short transfer that is not resumed",
              "dev.iobus.Transfer",
              "advance",
              CodeChange.resultOf("dev.iobus.Progress", "advance", 0)),
          new PlantedFault(
              "a short transfer that begins anew",
              "dev.iobus.Transfer",
              "fill",
              CodeChange.withoutCallsOf("dev.iobus.Progress", "start")),
          new PlantedFault(
              "a buffer that does not come back to its pool",
              "dev.iobus.BufferPool",
              "recycle",
              CodeChange.withoutCallsOf("dev.iobus.backend.Backend", "provide")));

  @Test
  void everyFaultIsFound() {
    System.out.println(CAMPAIGN.runAsItIs().millis() + " ms without a fault");
    CAMPAIGN.runWithEach(ALL);
  }
}
