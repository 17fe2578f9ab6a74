package dev.iobus.storage.simulation;

import dev.iobus.FileSystemFacts;
import dev.iobus.sim.PlannedFault;
import dev.iobus.sim.SimDisk;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.WalOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Makes plans: each seed switches some of what may happen off, so that the rest happens more often.
/// Stateless.
final class LogPlans {

  private static final Durability[] DURABILITIES = Durability.values();

  private LogPlans() {}

  /// From a microsecond to four and a half minutes, each order of magnitude as often.
  private static final int PAUSE_DOUBLINGS = 29;

  /// How a log is opened with this seed.
  static WalOptions options(long seed) {
    SplittableRandom random = new SplittableRandom(~seed);
    long most = 64L << 10 << random.nextInt(3);
    return WalOptions.defaults()
        .withSegmentBytes(64 << 10, most)
        .withGroupBufferBytes(16 << 10 << random.nextInt(2))
        .withDurability(DURABILITIES[random.nextInt(DURABILITIES.length)]);
  }

  /// Half of the file systems are like any other; of the rest some are copy-on-write, some know no direct
  /// transfers, and some stand on a device with large blocks.
  static void chooseFileSystem(long seed, SimDisk disk) {
    SplittableRandom random = new SplittableRandom(Long.reverse(seed));
    if (random.nextBoolean()) {
      return;
    }
    boolean copies = random.nextInt(3) == 0;
    int block = random.nextBoolean() ? 512 : 4096 << random.nextInt(3);
    int direct = random.nextInt(3) == 0 ? 0 : Math.min(block, 512 << random.nextInt(6));
    disk.setFileSystem(new FileSystemFacts(copies ? "btrfs" : "simulated", block), direct);
  }

  static List<LogPart> make(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean silent = random.nextInt(4) == 0;
    boolean fails = random.nextInt(3) > 0;
    boolean releases = random.nextInt(3) == 0;
    boolean pauses = random.nextBoolean();
    int synced = random.nextInt(4);
    int large = 2 + random.nextInt(12);
    List<LogPart> plan = new ArrayList<>();
    int lives = 1 + random.nextInt(3);
    for (int life = 0; life < lives; life++) {
      if (fails) {
        for (PlannedFault fault :
            PlannedFault.draw(random, 4, silent, 60, "*", "*", "wal-*", "lock", "log")) {
          plan.add(new LogPart.Fails(life, fault));
        }
      }
      int writers = 1 + random.nextInt(4);
      int count = random.nextInt(random.nextInt(4) == 0 ? 60 : 16);
      for (int i = 0; i < count; i++) {
        int writer = random.nextInt(writers);
        if (pauses && random.nextInt(6) == 0) {
          plan.add(new LogPart.Pause(life, writer, pause(random)));
        } else if (releases && random.nextInt(8) == 0) {
          plan.add(new LogPart.Release(life, writer));
        } else {
          int bytes = 8 + random.nextInt(random.nextInt(large) == 0 ? 30_000 : 300);
          boolean synchronous = random.nextInt(3) < synced;
          Durability durability =
              synchronous
                  ? Durability.SYNCED
                  : DURABILITIES[random.nextInt(DURABILITIES.length)];
          plan.add(new LogPart.Append(life, writer, plan.size(), bytes, durability));
        }
      }
      if (random.nextInt(4) > 0) {
        long operations = 1L + random.nextInt(10 + random.nextInt(60 + 8 * count));
        plan.add(new LogPart.Ends(life, random.nextInt(3) > 0, operations));
      }
    }
    return List.copyOf(plan);
  }

  /// In half of the cases about as long as the timers of a log.
  private static Duration pause(SplittableRandom random) {
    return random.nextBoolean()
        ? Duration.ofMillis(1 + random.nextInt(200))
        : Duration.ofNanos(1000L << random.nextInt(PAUSE_DOUBLINGS));
  }
}
