package dev.iobus.storage.simulation;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Counterexample;
import dev.iobus.sim.Shrinker;
import dev.iobus.sim.SimTally;
import dev.iobus.storage.wal.Durability;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Many seeds of a log, each with its own writers, faults and ends.
final class LogSwarmTest {

  private static final Logger LOGGER = Logger.getLogger("dev.iobus");

  /// A log that fails says so, which is no news here.
  @BeforeEach
  void silence() {
    LOGGER.setLevel(Level.OFF);
  }

  @AfterEach
  void hear() {
    LOGGER.setLevel(null);
  }

  @Test
  void everySeedKeepsWhatTheLogPromises() {
    swarm(1, 50);
  }

  /// A process was killed when it had made a segment and not yet synced it and its name. The next one
  /// found it free, used it, and acknowledged a record; a loss of power took the segment away. Only
  /// what had records was made durable when the log was opened.
  @Test
  void aSegmentThatAKilledProcessHasMadeIsDurableBeforeItIsUsed() {
    swarm(1_795_953_528_598_550L, 1);
  }

  @Tag("long")
  @Test
  void everySeedOfThousandsKeepsIt() {
    swarm(1000, 20_000);
  }

  /// A log that acknowledges before its sync is found out, and told in a few parts: a record, a loss
  /// of power, and perhaps another record that puts the one into the way of the other.
  @Test
  void aLogThatAcknowledgesTooEarlyIsFoundAndShrunk() {
    LogScenario planted =
        new LogScenario((wal, lsn, durability) -> wal.await(lsn, Durability.BUFFERED));
    SimTally tally = new SimTally();
    long seed = 1;
    while (Shrinker.failure(planted, seed, tally) == null) {
      seed++;
      assertTrue(seed < 100, "nothing was found");
    }
    Counterexample<LogPart> least = Shrinker.shrink(planted, seed, 500);
    assertTrue(least.parts().size() <= 3, least::describe);
    assertTrue(
        least.parts().stream().anyMatch(LogPart.Append.class::isInstance), least::describe);
    assertNotNull(
        Shrinker.failure(
            planted, seed, Shrinker.parts(planted, seed, least.kept()), tally));
    assertNull(
        Shrinker.failure(
            new LogScenario(), seed, Shrinker.parts(planted, seed, least.kept()), tally));
  }

  private static void swarm(long from, int count) {
    LogScenario scenario = new LogScenario();
    SimTally tally = new SimTally();
    for (long seed = from; seed < from + count; seed++) {
      Throwable failure = Shrinker.failure(scenario, seed, tally);
      if (failure != null) {
        throw new AssertionError(Shrinker.shrink(scenario, seed, 1000).describe(), failure);
      }
    }
  }
}
