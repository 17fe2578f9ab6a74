package dev.iobus.storage.simulation;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Counterexample;
import dev.iobus.sim.Shrinker;
import dev.iobus.sim.SimTally;
import dev.iobus.storage.wal.Durability;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
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
  ///
  /// The moment lasts two operations, which ones hangs on all that a log does before: the kills go by
  /// twos over the whole first life.
  @Test
  void aSegmentThatAKilledProcessHasMadeIsDurableBeforeItIsUsed() {
    SimTally tally = new SimTally();
    for (long seed = 4; seed <= 8; seed++) {
      for (long killed = 20; killed < 60; killed += 2) {
        for (long lost = 52; lost <= 60; lost += 8) {
          new LogScenario().run(seed, twoLives(killed, lost), tally);
        }
      }
    }
  }

  /// On a device with a grid of 8 KiB the end of a file that a killed process had left was read short, and
  /// the rest asked for at a place off the grid: the log could not be opened.
  @Test
  void aGridOfMoreThanAPageIsNotUsed() {
    new LogScenario().run(2377, new LogScenario().plan(2377), new SimTally());
  }

  /// A life that is killed while it makes its second segment, and one that writes there and loses
  /// power.
  ///
  /// @param killed operations of the first life
  /// @param lost operations of the second
  private static List<LogPart> twoLives(long killed, long lost) {
    List<LogPart> parts = new ArrayList<>();
    for (int number = 1; number <= 9; number++) {
      int life = number <= 3 ? 0 : 1;
      parts.add(new LogPart.Append(life, 0, number, 20_000, Durability.SYNCED));
    }
    parts.add(new LogPart.Ends(0, false, killed));
    parts.add(new LogPart.Ends(1, true, lost));
    return parts;
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
    Counterexample<LogPart> least = null;
    long leastSeed = 0;
    int found = 0;
    // Where power is lost after many operations, it takes as many parts to get there.
    for (long seed = 1; seed < 400 && found < 20 && !isShort(least); seed++) {
      if (Shrinker.failure(planted, seed, tally) != null) {
        found++;
        Counterexample<LogPart> shrunk = Shrinker.shrink(planted, seed, 500);
        if (least == null || shrunk.parts().size() < least.parts().size()) {
          least = shrunk;
          leastSeed = seed;
        }
      }
    }
    assertNotNull(least, "nothing was found");
    assertTrue(isShort(least), least::describe);
    assertTrue(
        least.parts().stream().anyMatch(LogPart.Append.class::isInstance), least::describe);
    List<LogPart> parts = Shrinker.parts(planted, leastSeed, least.kept());
    assertNotNull(Shrinker.failure(planted, leastSeed, parts, tally));
    assertNull(Shrinker.failure(new LogScenario(), leastSeed, parts, tally));
  }

  private static boolean isShort(@Nullable Counterexample<LogPart> found) {
    return found != null && found.parts().size() <= 3;
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
