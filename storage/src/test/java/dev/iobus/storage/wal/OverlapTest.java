package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// When a second group is written while the first is in flight.
class OverlapTest {

  /// Groups that are written one after the other until two at a time are tried again.
  private static final int PAUSE = 4096;

  private final Overlap overlap = new Overlap();

  private boolean isOn() {
    return overlap.isWorth(1000, 1000);
  }

  private void alone(int times, long nanos) {
    for (int i = 0; i < times; i++) {
      overlap.completed(nanos, false);
    }
  }

  @Test
  void aGroupOfHalfTheSizeGoesAlong() {
    assertTrue(overlap.isWorth(500, 1000));
    assertFalse(overlap.isWorth(499, 1000));
    assertTrue(overlap.isWorth(1, 1));
    assertTrue(overlap.isWorth(100_000, 1000));
  }

  @Test
  void twoThatTakeLittleMoreThanOneGoOn() {
    alone(10, 100_000);
    for (int i = 0; i < 1000; i++) {
      overlap.completed(160_000, true);
      assertTrue(isOn(), "after " + i);
    }
  }

  @Test
  void twoThatTakeLongerPauseAndAreTriedAgain() {
    alone(10, 100_000);
    overlap.completed(160_001, true);
    assertFalse(isOn());
    alone(PAUSE - 1, 100_000);
    assertFalse(isOn());
    alone(1, 100_000);
    assertTrue(isOn());
    // What was measured before the pause counts no more.
    overlap.completed(110_000, true);
    assertTrue(isOn());
    overlap.completed(10_000_000, true);
    assertFalse(isOn());
  }

  /// Groups that were in flight with another when the pause began end in it.
  @Test
  void onlyGroupsWrittenAloneEndThePause() {
    alone(10, 100_000);
    overlap.completed(200_000, true);
    for (int i = 0; i < 2 * PAUSE; i++) {
      overlap.completed(100_000, true);
    }
    assertFalse(isOn());
  }

  @Test
  void nothingIsSaidOfTwoBeforeOneWasMeasured() {
    for (int i = 0; i < 100; i++) {
      overlap.completed(1_000_000, true);
    }
    assertTrue(isOn());
  }

  /// One slow write among many is no reason.
  @Test
  void oneMeasurementOfMany() {
    alone(100, 100_000);
    for (int i = 0; i < 100; i++) {
      overlap.completed(100_000, true);
    }
    overlap.completed(1_000_000, true);
    assertTrue(isOn());
    for (int i = 0; i < 20; i++) {
      overlap.completed(1_000_000, true);
    }
    assertFalse(isOn());
  }
}
