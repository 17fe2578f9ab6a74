package dev.iobus.sim;

import java.util.SplittableRandom;

/// How long things take on the simulated host, in virtual time. Confined to the holder of the
/// baton.
final class SimClock {

  /// 2026-01-01 UTC.
  private static final long EPOCH_MILLIS = 1_767_225_600_000L;

  /// What the network does to one operation in a hundred.
  private static final int WIRE_OUTLIER = 50;

  private final Baton baton;
  private final SplittableRandom random;
  private final SimDevice device;
  private final int transferMicros;
  private final int syncMicros;
  private final int wireMicros;

  /// Whether what ends at about the same time ends at the same: a slow disk tells of many operations
  /// at once.
  private final boolean bunches;

  private long stalledUntilNanos;
  private long deviceNanos;

  /// @param device its disk
  SimClock(Baton baton, SplittableRandom random, SimDevice device) {
    this.baton = baton;
    this.random = random;
    this.device = device;
    transferMicros = device.drawTransferMicros(random);
    syncMicros = device.drawSyncMicros(random);
    wireMicros = 1 << random.nextInt(10);
    bunches = device != SimDevice.NVME && random.nextBoolean();
  }

  SimDevice device() {
    return device;
  }

  /// Time that operations of the disk have taken, summed over them.
  long deviceNanos() {
    return deviceNanos;
  }

  /// When the simulation began.
  long startMillis() {
    return EPOCH_MILLIS;
  }

  long wallMillis() {
    return EPOCH_MILLIS + baton.nowNanos() / 1_000_000;
  }

  /// How long the next operation takes.
  long latencyNanos(SimJob job) {
    if (SimSocketCalls.concerns(job)) {
      return spread(wireMicros, WIRE_OUTLIER);
    }
    long nanos =
        switch (job.op) {
          case NOP, CANCEL, CLOSE, ADVISE, STAT, INBOX -> spread(1, device.outlier());
          case FSYNC, FDATASYNC -> onDevice(spread(syncMicros, device.outlier()));
          default -> onDevice(spread(transferMicros, device.outlier()));
        };
    deviceNanos += nanos;
    return nanos;
  }

  private long spread(long typicalMicros, int outlier) {
    long factor = random.nextInt(100) == 0 ? outlier : 1;
    return factor * (typicalMicros * 500 + random.nextLong(typicalMicros * 1000));
  }

  private long onDevice(long usualNanos) {
    long now = baton.nowNanos();
    long stall = device.drawStallNanos(random);
    if (stall > 0) {
      stalledUntilNanos = Math.max(stalledUntilNanos, now + stall);
    }
    long end = Math.max(now, stalledUntilNanos) + usualNanos;
    if (bunches) {
      long step = transferMicros * 1000L;
      end = (end + step - 1) / step * step;
    }
    return end - now;
  }
}
