package dev.iobus.kv.simulation;

import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Uses a store a little and crashes it, again and again: neither may what was acknowledged be lost,
/// nor the directory grow with the number of crashes, nor with what is written in one life. Stateless.
final class CrashLoop {

  /// Of which each fills most of a segment of the log.
  private static final int ROUNDS = 24;

  private static final int ROUND_BYTES = 50_000;

  private static final int LIVES = 80;

  /// Of a store of twelve keys: the lock, manifests, tables of five levels and what one life has left,
  /// the log with its spare segments.
  private static final int FILES_MAX = 45;

  private static final int OPERATIONS_MAX = 500;

  private CrashLoop() {}

  static void run(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    SimDisk disk = StoreRun.newDisk();
    History history = new History(1);
    History.Kept kept = History.Kept.ALL;
    for (int life = 0; life < LIVES; life++) {
      Faults faults = new Faults().losePowerAfter(1 + random.nextInt(OPERATIONS_MAX));
      SimScheduler host = new SimScheduler(random.nextLong(), disk, faults);
      StoreRun run = new StoreRun(host, history, false);
      History.Kept before = kept;
      boolean[] opened = {false};
      List<Step> steps = steps(random);
      boolean ended =
          host.run(
              () -> {
                opened[0] = run.open(before);
                run.run(steps);
              });
      boolean power = random.nextBoolean();
      disk = power ? disk.crash(random.nextLong()) : disk.kill(random.nextLong());
      History.Kept now = power ? History.Kept.DURABLE : History.Kept.WRITTEN;
      now = ended ? History.Kept.ALL : now;
      kept = opened[0] || kept.compareTo(now) < 0 ? now : kept;
      int files = new StoreFiles(disk, history.spent()).count();
      if (files > FILES_MAX) {
        throw new AssertionError("after " + (life + 1) + " lives there are " + files + " files");
      }
    }
    SimScheduler host = new SimScheduler(seed, disk);
    history.settle(Recoveries.open(host, history.view()), kept);
  }

  /// Writes and flushes many times as much as a log may keep, in the life after a crash: what is in tables
  /// is gone from the log while the store is open.
  static void runOneLife(long seed) {
    SimDisk disk = StoreRun.newDisk();
    History history = new History(1);
    List<Step> rounds = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      int key = i % Entries.KEYS;
      rounds.add(
          new Step.Write(List.of(new Step.Change(key, ROUND_BYTES)), Durability.SYNCED));
      rounds.add(new Step.Flush());
    }
    Faults faults = new Faults().losePowerAfter(OPERATIONS_MAX);
    SimScheduler first = new SimScheduler(seed, disk, faults);
    StoreRun cut = new StoreRun(first, history, false);
    boolean ended = first.run(() -> cut.run(rounds));
    SimDisk left = ended ? disk : disk.crash(seed);
    SimScheduler host = new SimScheduler(seed + 1, left);
    StoreRun run = new StoreRun(host, history, false);
    run.lookAtFiles();
    host.run(
        () -> {
          run.open(ended ? History.Kept.ALL : History.Kept.DURABLE);
          run.run(rounds);
        });
  }

  private static List<Step> steps(SplittableRandom random) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int key = random.nextInt(Entries.KEYS);
      steps.add(
          new Step.Write(
              List.of(new Step.Change(key, 100 + random.nextInt(4000))), Durability.SYNCED));
      if (random.nextInt(3) == 0) {
        steps.add(random.nextBoolean() ? new Step.Flush() : new Step.Compact());
      }
    }
    return steps;
  }
}
