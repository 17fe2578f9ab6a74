package dev.iobus.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SimulatedEchoTest {

  @Test
  void everyMessageComesBackWhateverTheNetworkDoes() throws IOException {
    Set<Long> traces = new HashSet<>();
    int reconnects = 0;
    for (int seed = 0; seed < 20; seed++) {
      SimulatedEcho.Outcome outcome = SimulatedEcho.run(seed);
      assertEquals(60, outcome.echoed());
      assertTrue(outcome.faults() > 0, "nothing went wrong");
      traces.add(outcome.trace());
      reconnects += outcome.reconnects();
    }
    assertEquals(20, traces.size());
    assertNotEquals(0, reconnects);
  }

  @Test
  void aSeedDoesTheSameAgain() throws IOException {
    assertEquals(SimulatedEcho.run(7), SimulatedEcho.run(7));
  }
}
