package dev.iobus.kv.simulation;

import dev.iobus.sim.Damage;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Loses power, and kills the process, at every moment of a workload, and opens what is left. Of these
/// recoveries some are cut short in turn, once or at every moment; after some the store is used on;
/// some images are damaged first.
///
/// Confined to one thread.
final class CrashCampaign {

  /// Of how many recoveries one is chosen, by the seed; 0: none.
  ///
  /// @param cut is cut short at a moment that the seed chooses
  /// @param nested is cut short at each moment
  /// @param used has the store used on
  /// @param damaged is of a disk on which one place is not what was written
  record Shares(int cut, int nested, int used, int damaged) {

    /// As many as there is time for in every build.
    static final Shares BUILD = new Shares(5, 300, 150, 12);

    /// Every recovery is cut short at least once.
    static final Shares NIGHT = new Shares(1, 100, 100, 4);
  }

  /// What a store is used for after a recovery: what was dropped must not come back.
  private static final int STEPS_AFTER = 4;

  /// One recovery in so many that was cut short is cut short again.
  private static final int DEEPER = 4;

  private final Shares shares;
  private final SimTally tally;

  private long moments;
  private long images;
  private long nested;
  private long used;
  private long damaged;
  private long reported;

  /// Where stale blocks come from.
  private @Nullable SimDisk earlier;

  /// @param tally counts the hosts
  CrashCampaign(Shares shares, SimTally tally) {
    this.shares = shares;
    this.tally = tally;
  }

  /// Different images that were opened and checked: of workloads, of recoveries, of uses after a
  /// recovery, and damaged ones.
  long images() {
    return images + nested + used + damaged;
  }

  @Override
  public String toString() {
    return images() + " crash points of a store at " + moments + " moments: " + images
        + " in workloads, " + nested + " in recoveries, " + used + " in uses after those, "
        + damaged + " damaged, of which " + reported + " were reported";
  }

  /// Both together.
  CrashCampaign and(CrashCampaign other) {
    CrashCampaign both = new CrashCampaign(shares, tally);
    both.moments = moments + other.moments;
    both.images = images + other.images;
    both.nested = nested + other.nested;
    both.used = used + other.used;
    both.damaged = damaged + other.damaged;
    both.reported = reported + other.reported;
    return both;
  }

  /// @throws AssertionError that names the seed and the operation
  void run(Workload workload) {
    History history = new History(workload.clients());
    CrashImages taken = take(workload, StoreRun.newDisk(), history);
    moments += taken.moments();
    int index = 0;
    for (CrashImages.Image image : taken.images()) {
      index++;
      try {
        recover(workload.seed() * 100_000 + index, image, history);
      } catch (AssertionError | RuntimeException | IOException e) {
        throw new AssertionError(
            "seed " + workload.seed() + ", image " + index + ", at operation " + image.operation()
                + (image.killed() ? ", killed; " : "; ") + workload,
            e);
      }
      images++;
    }
  }

  private CrashImages take(Workload workload, SimDisk disk, History history) {
    SimScheduler host = new SimScheduler(workload.seed(), disk);
    CrashImages taken = CrashImages.of(disk, host, history);
    StoreRun run = new StoreRun(host, history, false);
    boolean ended =
        host.run(
            () -> {
              if (!run.run(workload.steps())) {
                throw new AssertionError("the store was not closed");
              }
            });
    tally.add(host);
    if (!ended) {
      throw new AssertionError("power was lost");
    }
    return taken;
  }

  private void recover(long seed, CrashImages.Image image, History history) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    boolean cut = isChosen(random, shares.cut);
    boolean nest = isChosen(random, shares.nested);
    boolean useOn = isChosen(random, shares.used);
    boolean damage = isChosen(random, shares.damaged);
    SimDisk disk = image.disk();
    SimDisk whole = cut || useOn || damage ? disk.kill(seed) : disk;
    SimScheduler host = new SimScheduler(seed, disk);
    CrashImages taken = nest ? CrashImages.of(disk, host, history) : null;
    History.Found found = open(host, image.view());
    Recoveries.check(image, found);
    if (taken != null) {
      moments += taken.moments();
      for (CrashImages.Image below : taken.images()) {
        nested++;
        check(
            open(new SimScheduler(seed + nested, below.disk()), image.view()),
            found,
            image.killed() && !below.killed() ? image : null,
            "a recovery that ended at operation " + below.operation());
      }
    }
    if (cut) {
      cut(random, image, whole.kill(seed), host.operations(), found);
    }
    if (damage) {
      damage(random, image, whole.kill(seed));
    }
    if (useOn) {
      useOn(seed, whole, image, found, history);
    }
  }

  private History.Found open(SimScheduler host, HistoryView view) {
    History.Found found = Recoveries.open(host, view);
    tally.add(host);
    return found;
  }

  private static boolean isChosen(SplittableRandom random, int share) {
    return share > 0 && random.nextInt(share) == 0;
  }

  /// A recovery that was cut short has lost nothing and found nothing else: but for a process that
  /// was killed, and then power is lost too.
  ///
  /// @param first what the loss of power may take something of, or null
  private static void check(
      History.Found again, History.Found found, CrashImages.@Nullable Image first, String what) {
    if (first != null) {
      first.view().checkAfterCrash(again);
    } else if (!again.equals(found)) {
      throw new AssertionError(what + " left " + again + ", not " + found);
    }
  }

  /// Cuts a recovery short at a moment, perhaps the one after it too, and opens what is left.
  ///
  /// @param operations of a recovery that was not
  private void cut(
      SplittableRandom random,
      CrashImages.Image image,
      SimDisk whole,
      long operations,
      History.Found found) {
    SimDisk disk = whole;
    boolean uncertain = false;
    boolean again = true;
    while (again) {
      long at = 1 + random.nextLong(operations);
      SimScheduler host =
          new SimScheduler(random.nextLong(), disk, new Faults().losePowerAfter(at));
      boolean ended = host.run(() -> openWell(host, image.view()));
      tally.add(host);
      boolean power = !ended && random.nextBoolean();
      disk = power ? disk.crash(random.nextLong()) : disk.kill(random.nextLong());
      uncertain |= power && image.killed();
      nested++;
      again = random.nextInt(DEEPER) == 0;
    }
    SimScheduler host = new SimScheduler(random.nextLong(), disk);
    check(
        open(host, image.view()), found, uncertain ? image : null,
        "a recovery that was cut short");
  }

  private static void openWell(SimScheduler host, HistoryView view) {
    try {
      Recoveries.openHere(host, view);
    } catch (IOException e) {
      throw new AssertionError("what a crash left cannot be opened", e);
    }
  }

  /// Damage is told, or what is there is right all the same.
  private void damage(SplittableRandom random, CrashImages.Image image, SimDisk disk)
      throws IOException {
    SimDisk before = earlier;
    earlier = disk.kill(1);
    String what = Damage.one(random, disk, StoreRun.DIRECTORY, before == null ? disk : before);
    if (what == null) {
      return;
    }
    damaged++;
    SimScheduler host = new SimScheduler(random.nextLong(), disk);
    try {
      host.run(() -> openDamaged(host, image, what));
      tally.add(host);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("damaged: " + what, e);
    }
  }

  private void openDamaged(SimScheduler host, CrashImages.Image image, String what) {
    try {
      History.Found found = Recoveries.openHere(host, image.view());
      if (what.startsWith(StoreRun.DIRECTORY + "/wal-")) {
        // Of the last group nobody can tell whether it was torn by the crash.
        image.view().checkAfterDamage(found);
      } else {
        Recoveries.check(image, found);
      }
    } catch (IOException e) {
      if (!DamageReport.isIn(e)) {
        throw new AssertionError("it is told in no word of damage", e);
      }
      reported++;
    }
    StoreRun.requireNothingLeft(host);
  }

  /// What a crash has taken does not come back when the store goes on and crashes again.
  private void useOn(
      long seed, SimDisk disk, CrashImages.Image image, History.Found found, History history) {
    History after = history.after(image.view(), found, image.killed());
    List<Step> steps = WorkloadGenerator.make(seed, STEPS_AFTER).steps();
    CrashImages taken = take(new Workload(seed, after.clients(), steps), disk, after);
    moments += taken.moments();
    for (CrashImages.Image below : taken.images()) {
      used++;
      SimScheduler host = new SimScheduler(seed + used, below.disk());
      try {
        Recoveries.check(below, open(host, below.view()));
      } catch (AssertionError e) {
        throw new AssertionError(
            "used on, crash at operation " + below.operation() + (below.killed() ? ", killed" : "")
                + "; steps " + steps,
            e);
      }
    }
  }
}
