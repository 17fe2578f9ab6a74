package dev.iobus.sim;

import java.util.random.RandomGenerator;

/// A kind of disk, which says how long operations take in virtual time. Each host has one, drawn from
/// its seed, and on it one typical time for transfers and one for syncs, within the bounds below;
/// an operation takes half of it to one and a half times as long, one in a hundred far longer.
///
/// | kind | transfers | syncs | one in a hundred | stands still |
/// |---|---|---|---|---|
/// | `NVME` | 1 µs–0.25 ms | 1 µs–4 ms | × 50 | |
/// | `SSD` | 64 µs–0.5 ms | 0.5–8 ms | × 50 | |
/// | `HARD_DISK` | 2–16 ms | 8–64 ms | × 10 | |
/// | `NETWORK` | 0.5–8 ms | 1–32 ms | × 50 | |
/// | `SICK` | 64 µs–0.5 ms | 0.5–8 ms | × 50 | one time in 256, for 0.25–16 s |
///
/// Opening a file and changes of names take as long as a transfer; what the kernel answers from memory
/// takes a microsecond on every kind.
public enum SimDevice {
  /// Flash on the bus, with and without a cache that outlives a loss of power.
  NVME(1, 256, 1, 4_096, 50),
  /// Flash behind a controller.
  SSD(64, 512, 512, 8_192, 50),
  /// A disk that spins.
  HARD_DISK(2_048, 16_384, 8_192, 65_536, 10),
  /// A volume over a network.
  NETWORK(512, 8_192, 1_024, 32_768, 50),
  /// Flash that now and then answers nothing for seconds.
  SICK(64, 512, 512, 8_192, 50);

  /// One operation in so many finds a sick disk that begins to stand still.
  private static final int STALL_EVERY = 256;

  private static final long STALL_NANOS_MIN = 250_000_000L;
  private static final int STALL_DOUBLINGS = 6;

  private static final SimDevice[] ALL = values();

  private final int transferMicrosMin;
  private final int transferMicrosMax;
  private final int syncMicrosMin;
  private final int syncMicrosMax;
  private final int outlier;

  SimDevice(
      int transferMicrosMin,
      int transferMicrosMax,
      int syncMicrosMin,
      int syncMicrosMax,
      int outlier) {
    this.transferMicrosMin = transferMicrosMin;
    this.transferMicrosMax = transferMicrosMax;
    this.syncMicrosMin = syncMicrosMin;
    this.syncMicrosMax = syncMicrosMax;
    this.outlier = outlier;
  }

  /// Half of the hosts have the fastest: there most tasks can run at one time, so that order matters.
  static SimDevice draw(RandomGenerator random) {
    return random.nextBoolean() ? NVME : ALL[random.nextInt(ALL.length)];
  }

  /// The typical transfer of one disk of this kind: each order of magnitude as often as the next.
  int drawTransferMicros(RandomGenerator random) {
    return draw(random, transferMicrosMin, transferMicrosMax);
  }

  /// As [#drawTransferMicros], for syncs.
  int drawSyncMicros(RandomGenerator random) {
    return draw(random, syncMicrosMin, syncMicrosMax);
  }

  private static int draw(RandomGenerator random, int least, int most) {
    int doublings = Integer.numberOfTrailingZeros(most / least);
    return least << random.nextInt(doublings + 1);
  }

  /// How many times as long as usual one operation in a hundred takes.
  int outlier() {
    return outlier;
  }

  /// For how long the disk begins to stand still now: 0 as a rule.
  long drawStallNanos(RandomGenerator random) {
    if (this != SICK || random.nextInt(STALL_EVERY) > 0) {
      return 0;
    }
    return STALL_NANOS_MIN << random.nextInt(STALL_DOUBLINGS + 1);
  }

  /// What no operation takes longer than, in nanoseconds.
  public long slowestNanos() {
    long usual = 1_500L * Math.max(transferMicrosMax, syncMicrosMax) * outlier;
    return this == SICK ? usual + (STALL_NANOS_MIN << STALL_DOUBLINGS) : usual;
  }
}
