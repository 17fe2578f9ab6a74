package dev.iobus.sim;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What one loss of power takes and what it leaves, decided by one seed.
///
/// Crashes differ in temper: some lose everything that was not synced, some next to nothing, most
/// something in between; in some, nearly every sector under a write in flight is garbage.
///
/// Confined to the holder of the disk.
final class CrashChoice {

  private final RandomGenerator random;
  private final int keepPercent;
  private final boolean ordered;

  /// Of a sector under a write that was in flight.
  private final int garbagePercent;

  CrashChoice(RandomGenerator random) {
    this(
        random,
        switch (random.nextInt(8)) {
          case 0 -> 0;
          case 1 -> 100;
          case 2 -> 95;
          case 3 -> 5;
          default -> 50;
        });
  }

  CrashChoice(RandomGenerator random, int keepPercent) {
    this.random = random;
    this.keepPercent = keepPercent;
    ordered = random.nextBoolean();
    garbagePercent = random.nextInt(4) == 0 ? 80 + random.nextInt(21) : 10;
  }

  RandomGenerator random() {
    return random;
  }

  /// Whether changes of names become durable in their order, as in a journal; else each by itself.
  boolean ordered() {
    return ordered;
  }

  /// Whether the next change that was not synced is there after the crash.
  boolean keeps() {
    return random.nextInt(100) < keepPercent;
  }

  /// A sector under a write that was in flight: written, half written, or garbage; null when it is
  /// as it was.
  byte @Nullable [] torn(byte[] old, int from, byte[] bytes, int at, int count) {
    if (random.nextInt(100) < garbagePercent) {
      byte[] garbage = new byte[old.length];
      for (int i = 0; i < garbage.length; i++) {
        garbage[i] = (byte) random.nextInt();
      }
      return garbage;
    }
    int fate = random.nextInt(7);
    if (fate < 3) {
      return null;
    }
    byte[] torn = old.clone();
    if (fate < 6) {
      System.arraycopy(bytes, at, torn, from, count);
    } else {
      System.arraycopy(bytes, at, torn, from, random.nextInt(count + 1));
    }
    return torn;
  }
}
