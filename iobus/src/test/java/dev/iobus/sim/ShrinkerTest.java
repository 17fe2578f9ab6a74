package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ShrinkerTest {

  /// Numbers in an order of the seed's; fails when some of them are there in this order.
  private record Numbers(int count, List<Integer> needed) implements Scenario<Integer> {

    @Override
    public List<Integer> plan(long seed) {
      List<Integer> plan = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        plan.add(i + (int) seed);
      }
      return plan;
    }

    @Override
    public void run(long seed, List<Integer> parts, SimTally tally) {
      if (Collections.indexOfSubList(keepNeeded(parts), needed) >= 0) {
        throw new AssertionError("with " + needed);
      }
    }

    private List<Integer> keepNeeded(List<Integer> parts) {
      return parts.stream().filter(needed::contains).toList();
    }
  }

  @Test
  void theLeastThatFailsIsFound() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 50; i++) {
      int count = 1 + random.nextInt(60);
      List<Integer> needed = new ArrayList<>();
      for (int n = 0; n < count; n++) {
        if (random.nextInt(10) == 0) {
          needed.add(n + 100);
        }
      }
      Counterexample<Integer> least = Shrinker.shrink(new Numbers(count, needed), 100, 10_000);
      assertEquals(needed, least.parts());
      assertEquals(needed, least.kept().stream().map(index -> index + 100).toList());
      assertTrue(least.describe().contains("seed 100"), least::describe);
    }
  }

  @Test
  void runsAreLimitedAndTheLeastSoFarStillFails() {
    Numbers numbers = new Numbers(100, List.of(7, 70));
    Counterexample<Integer> least = Shrinker.shrink(numbers, 0, 5);
    assertEquals(5, least.runs());
    assertTrue(least.parts().size() < 100);
    assertNotNull(Shrinker.failure(numbers, 0, least.parts(), new SimTally()));
  }

  @Test
  void whatDoesNotFailIsNotShrunk() {
    Numbers numbers = new Numbers(10, List.of(99));
    assertNull(Shrinker.failure(numbers, 0, new SimTally()));
    assertThrows(IllegalArgumentException.class, () -> Shrinker.shrink(numbers, 0, 10));
    assertThrows(
        IllegalArgumentException.class, () -> Shrinker.parts(numbers, 0, List.of(3, 10)));
    assertEquals(List.of(3, 4), Shrinker.parts(numbers, 0, List.of(3, 4)));
  }

  @Test
  void swarmsDifferAndFaultsCanBeAdded() {
    int empty = 0;
    int silent = 0;
    for (int seed = 0; seed < 300; seed++) {
      List<PlannedFault> faults =
          PlannedFault.draw(new SplittableRandom(seed), 5, seed % 2 == 0, 50, "*", "wal-*");
      assertEquals(
          faults,
          PlannedFault.draw(new SplittableRandom(seed), 5, seed % 2 == 0, 50, "*", "wal-*"));
      Faults host = new Faults();
      for (PlannedFault fault : faults) {
        fault.addTo(host);
        assertTrue(fault.at() >= 1 && fault.at() <= 50);
        assertTrue(!fault.kind().isSilent() || seed % 2 == 0, fault::toString);
        silent += fault.kind().isSilent() ? 1 : 0;
      }
      assertEquals(faults.size(), host.count());
      empty += faults.isEmpty() ? 1 : 0;
    }
    assertTrue(empty > 30 && empty < 200, empty + " of 300 have no faults");
    assertTrue(silent > 50, silent + " silent faults");
  }

  /// What goes on for ever would never end, as time is virtual.
  @Test
  void whatDoesNotEndIsEnded() {
    SimScheduler scheduler = new SimScheduler(1, new SimDisk());
    scheduler.limitSwitchPoints(1000);
    AssertionError failure =
        assertThrows(
            AssertionError.class,
            () ->
                scheduler.run(
                    () -> {
                      while (true) {
                        scheduler.park(scheduler.nanoTime() + 1_000_000);
                      }
                    }));
    assertTrue(String.valueOf(failure.getCause()).contains("1000 switch points"));
    assertThrows(IllegalArgumentException.class, () -> scheduler.limitSwitchPoints(0));
    assertTrue(scheduler.elapsedNanos() > 900_000_000L);
  }
}
