package dev.iobus.sim;

import dev.iobus.backend.Op;
import java.util.SplittableRandom;

/// How long things take on the simulated host, in virtual time. Confined to the holder of the
/// baton.
final class SimClock {

  /// 2026-01-01 UTC.
  private static final long EPOCH_MILLIS = 1_767_225_600_000L;

  private final Baton baton;
  private final SplittableRandom random;
  private final int transferMicros;
  private final int syncMicros;

  SimClock(Baton baton, SplittableRandom random) {
    this.baton = baton;
    this.random = random;
    transferMicros = 1 << random.nextInt(10);
    syncMicros = 1 << random.nextInt(13);
  }

  /// When the simulation began.
  long startMillis() {
    return EPOCH_MILLIS;
  }

  long wallMillis() {
    return EPOCH_MILLIS + baton.nowNanos() / 1_000_000;
  }

  /// How long the next operation takes; one in a hundred takes far longer than the others.
  long latencyNanos(Op op) {
    long typical =
        switch (op) {
          case NOP, CANCEL, CLOSE, ADVISE, STAT -> 1;
          case FSYNC, FDATASYNC -> syncMicros;
          default -> transferMicros;
        };
    long factor = random.nextInt(100) == 0 ? 50 : 1;
    return factor * (typical * 500 + random.nextLong(typical * 1000));
  }
}
