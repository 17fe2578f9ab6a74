package dev.iobus.kv.simulation;

import dev.iobus.storage.wal.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Makes short workloads: each seed prefers some kinds of steps, sizes and durabilities; one in three
/// has several clients, and in one of four they think for a while now and then. Stateless.
final class WorkloadGenerator {

  private static final Durability[] DURABILITIES = Durability.values();

  /// Pauses are from a microsecond to four and a half minutes, each order of magnitude as often.
  private static final int PAUSE_DOUBLINGS = 29;

  /// Of the steps of clients that think, one in so many.
  private static final int THINK_EVERY = 3;

  private WorkloadGenerator() {}

  /// @param steps how many, without the close at the end
  static Workload make(long seed, int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    int large = random.nextInt(3) == 0 ? 3 : 30;
    int structure = 2 + random.nextInt(6);
    int synced = random.nextInt(4);
    boolean thinks = random.nextInt(4) == 0;
    List<Step> made = new ArrayList<>();
    while (made.size() < steps) {
      if (thinks && random.nextInt(THINK_EVERY) == 0) {
        made.add(pause(random));
      } else if (random.nextInt(structure) > 0 || made.isEmpty()) {
        made.add(write(random, large, synced));
      } else {
        made.add(other(random));
      }
    }
    int clients = random.nextInt(3) == 0 ? Entries.CLIENTS : 1;
    return new Workload(seed, clients, List.copyOf(made));
  }

  private static Step other(SplittableRandom random) {
    return switch (random.nextInt(12)) {
      case 0, 1, 2 -> new Step.Flush();
      case 3, 4 -> new Step.Compact();
      case 5, 6 -> new Step.Reopen();
      case 7 -> new Step.Sync();
      case 8 -> new Step.Pause(Duration.ofMillis(1 + random.nextInt(150)));
      case 9 -> new Step.TakeSnapshot();
      case 10 -> new Step.Verify();
      default -> new Step.Read();
    };
  }

  private static Step pause(SplittableRandom random) {
    return new Step.Pause(Duration.ofNanos(1000L << random.nextInt(PAUSE_DOUBLINGS)));
  }

  /// @param large one value in so many is large
  /// @param synced of 3, how many batches are durable when they are acknowledged
  private static Step write(SplittableRandom random, int large, int synced) {
    int count = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1;
    List<Step.Change> changes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int key = random.nextInt(Entries.KEYS);
      int size = Entries.SIZE_MIN + random.nextInt(random.nextInt(4) == 0 ? 3000 : 60);
      if (random.nextInt(large) == 0) {
        size += 8000 + random.nextInt(30_000);
      }
      changes.add(new Step.Change(key, random.nextInt(4) == 0 ? Step.Change.DELETE : size));
    }
    Durability durability =
        random.nextInt(3) < synced
            ? Durability.SYNCED
            : DURABILITIES[random.nextInt(DURABILITIES.length)];
    return new Step.Write(List.copyOf(changes), durability);
  }
}
