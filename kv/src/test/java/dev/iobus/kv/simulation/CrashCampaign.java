package dev.iobus.kv.simulation;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.util.Arrays;
import java.util.List;

/// Loses power, and kills the process, at every moment of a workload, and opens what is left: a few
/// of the recoveries lose power at every moment too, and after a few of them the store is used on.
///
/// Confined to one thread.
final class CrashCampaign {

  /// What a store is used for after a recovery: what was dropped must not come back.
  private static final int STEPS_AFTER = 4;

  private final int nestedEvery;
  private final int usedEvery;

  private long moments;
  private long images;
  private long nested;
  private long used;

  /// @param nestedEvery one recovery in so many is cut short at every moment
  /// @param usedEvery after one recovery in so many the store is used on
  CrashCampaign(int nestedEvery, int usedEvery) {
    this.nestedEvery = nestedEvery;
    this.usedEvery = usedEvery;
  }

  /// Moments of workloads, of recoveries and of uses after them.
  long moments() {
    return moments;
  }

  /// Different images that were opened and checked: of workloads, of recoveries, and of uses after
  /// a recovery.
  long images() {
    return images + nested + used;
  }

  @Override
  public String toString() {
    return images() + " crash points of a store at " + moments + " moments: " + images
        + " in workloads, " + nested + " in recoveries, " + used + " in uses after those";
  }

  /// @throws AssertionError that names the seed and the operation
  void run(Workload workload) {
    History history = new History();
    CrashImages taken = take(workload, StoreRun.newDisk(), history);
    moments += taken.moments();
    int index = 0;
    for (CrashImages.Image image : taken.images()) {
      index++;
      try {
        recover(workload.seed() + index, image, history);
      } catch (AssertionError | RuntimeException e) {
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
    if (!ended) {
      throw new AssertionError("power was lost");
    }
    return taken;
  }

  private void recover(long seed, CrashImages.Image image, History history) {
    boolean useOn = seed % usedEvery == 0;
    SimDisk disk = image.disk();
    SimDisk another = useOn ? disk.kill(seed) : disk;
    SimScheduler host = new SimScheduler(seed, disk);
    boolean nest = seed % nestedEvery == 0;
    CrashImages taken = nest ? CrashImages.of(disk, host, history) : null;
    int[] state = Recoveries.open(host, history);
    Recoveries.check(image, state);
    if (taken != null) {
      moments += taken.moments();
      for (CrashImages.Image below : taken.images()) {
        recoverAgain(seed, image, below, state, history);
      }
    }
    if (useOn) {
      useOn(seed, another, image, state, history);
    }
  }

  /// A recovery that was cut short has lost nothing and found nothing else: but for a process that
  /// was killed, and then power is lost too.
  private void recoverAgain(
      long seed, CrashImages.Image first, CrashImages.Image image, int[] state, History history) {
    nested++;
    SimScheduler host = new SimScheduler(seed + nested, image.disk());
    int[] again = Recoveries.open(host, history);
    if (first.killed() && !image.killed()) {
      first.view().checkAfterCrash(again);
    } else if (!Arrays.equals(state, again)) {
      throw new AssertionError(
          "a recovery that ended at operation " + image.operation()
              + (image.killed() ? ", killed," : "") + " left " + Arrays.toString(again)
              + ", not " + Arrays.toString(state));
    }
  }

  /// What a crash has taken does not come back when the store goes on and crashes again.
  private void useOn(
      long seed, SimDisk disk, CrashImages.Image image, int[] state, History history) {
    History after = history.after(image.view(), state, image.killed());
    List<Step> steps = WorkloadGenerator.make(seed, STEPS_AFTER).steps();
    CrashImages taken = take(new Workload(seed, steps), disk, after);
    moments += taken.moments();
    for (CrashImages.Image below : taken.images()) {
      used++;
      SimScheduler host = new SimScheduler(seed + used, below.disk());
      try {
        Recoveries.check(below, Recoveries.open(host, after));
      } catch (AssertionError e) {
        throw new AssertionError(
            "used on, crash at operation " + below.operation() + (below.killed() ? ", killed" : "")
                + "; steps " + steps,
            e);
      }
    }
  }
}
