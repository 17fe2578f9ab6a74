package dev.iobus.kv.simulation;

import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.util.List;

/// Lets each operation of a workload fail, alone and with all that follow, with each error that it
/// may have; then the process ends, and power may be lost.
///
/// Confined to one thread.
final class ErrorCampaign {

  /// An error and the operations that it happens to.
  private record Trouble(String errno, SimOperation... operations) {

    @Override
    public String toString() {
      return errno + " in " + List.of(operations);
    }
  }

  private static final List<Trouble> TROUBLES =
      List.of(
          new Trouble("EIO"),
          new Trouble(
              "ENOSPC",
              SimOperation.OPEN,
              SimOperation.WRITE,
              SimOperation.SYNC,
              SimOperation.DATA_SYNC,
              SimOperation.ALLOCATE,
              SimOperation.RENAME,
              SimOperation.CREATE_DIRECTORY),
          new Trouble("EMFILE", SimOperation.OPEN),
          new Trouble(
              "ENOMEM",
              SimOperation.OPEN,
              SimOperation.READ,
              SimOperation.WRITE,
              SimOperation.STAT,
              SimOperation.UNLINK));

  /// Of what was not durable, how much a crash after the end keeps, in percent.
  private static final int[] KEPT = {0, 50, 100};

  private final SimTally tally;

  private long runs;
  private long recoveries;

  /// @param tally counts the hosts
  ErrorCampaign(SimTally tally) {
    this.tally = tally;
  }

  /// Runs with an error.
  long runs() {
    return runs;
  }

  @Override
  public String toString() {
    return runs + " runs of a store with an error, " + recoveries + " recoveries after them";
  }

  /// @param step every how many operations one fails
  /// @throws AssertionError that names the seed and the error
  void run(Workload workload, int step) {
    for (Trouble trouble : TROUBLES) {
      for (boolean sticky : new boolean[] {false, true}) {
        boolean struck = true;
        for (long at = 1 + workload.seed() % step; struck; at += step) {
          try {
            struck = run(workload, trouble, at, sticky);
          } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                "seed " + workload.seed() + ", " + trouble + " at " + at
                    + (sticky ? " and after; " : "; ") + workload,
                e);
          }
        }
      }
    }
  }

  /// Returns whether there was such an operation.
  private boolean run(Workload workload, Trouble trouble, long at, boolean sticky) {
    Faults faults = new Faults();
    Fault fault = faults.error(trouble.errno, trouble.operations).at(at);
    if (sticky) {
      fault.sticky();
    }
    SimDisk disk = StoreRun.newDisk();
    SimScheduler host = new SimScheduler(workload.seed(), disk, faults);
    History history = new History(workload.clients());
    StoreRun run = new StoreRun(host, history, true);
    host.run(() -> run.run(workload.steps()));
    tally.add(host);
    if (fault.struck() == 0) {
      return false;
    }
    runs++;
    for (int kept : KEPT) {
      recover(at + kept, disk.crash(at, kept), history);
    }
    recover(at, disk, history);
    return true;
  }

  private void recover(long seed, SimDisk disk, History history) {
    recoveries++;
    History.View view = history.view();
    SimScheduler host = new SimScheduler(seed, disk);
    view.checkAfterCrash(Recoveries.open(host, view));
    tally.add(host);
  }
}
