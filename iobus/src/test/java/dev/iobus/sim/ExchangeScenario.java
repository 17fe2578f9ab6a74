package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.OpenSocket;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;

/// Clients and a server exchange requests and answers over sockets that are short of room, slow and
/// break. Bytes must come in order, each request be answered, each operation have one last result, and
/// no descriptor or buffer be left.
///
/// Thread-safe.
final class ExchangeScenario implements Scenario<PlannedFault> {

  private static final int PORT = 4000;
  private static final int CLIENTS = 3;
  private static final int ANSWERS_MIN = 3 * 6 * 3;

  /// A run has some thousands.
  private static final long SWITCH_POINTS_MAX = 500_000;

  @Override
  public List<PlannedFault> plan(long seed) {
    return PlannedFault.drawOfNetwork(new SplittableRandom(seed), 12, true, 80);
  }

  @Override
  public void run(long seed, List<PlannedFault> parts, SimTally tally) throws IOException {
    Faults faults = new Faults();
    parts.forEach(part -> part.addTo(faults));
    SimScheduler scheduler = Loopback.run(seed, faults, ExchangeScenario::exchange);
    tally.add(scheduler);
  }

  private static void exchange(Loopback host) throws IOException {
    host.scheduler.limitSwitchPoints(SWITCH_POINTS_MAX);
    OpenSocket listening = host.listening(PORT, 2);
    ExchangeServer server = new ExchangeServer(host, listening, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
      ExchangeClient client = new ExchangeClient(host.scheduler, i, PORT);
      host.scheduler.start(
          "client " + i,
          () -> {
            try {
              client.run();
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            host.bus.post(1);
          });
    }
    int answers = server.serve();
    assertTrue(answers >= ANSWERS_MIN, () -> answers + " answers");
  }
}
