package dev.iobus.kv.simulation;

import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Lets each operation of a workload fail, alone and with all that follow, with each error that it
/// may have, in all files and in those of one class; then the process ends, and power may be lost. What
/// passes, an interruption or a short transfer, must not be noticed.
///
/// Confined to one thread.
final class ErrorCampaign {

  /// What goes wrong.
  ///
  /// @param errno the error, empty for a transfer that is short
  /// @param glob of the files in which it does
  /// @param lasting whether it may also go wrong from there on
  /// @param passes whether nobody may notice
  /// @param operations none: all
  private record Trouble(
      String errno, String glob, boolean lasting, boolean passes, Set<SimOperation> operations) {

    static Trouble of(String errno, SimOperation... operations) {
      return new Trouble(errno, "*", true, false, Set.copyOf(List.of(operations)));
    }

    /// It would be tried again for ever, and a block that is always short is never whole.
    static Trouble passing(String errno, SimOperation... operations) {
      return new Trouble(errno, "*", false, true, Set.copyOf(List.of(operations)));
    }

    /// Every operation on those files, which the first of all alone does not tell apart.
    static Trouble in(String glob) {
      return new Trouble("EIO", glob, true, false, Set.of());
    }

    Fault addTo(Faults faults) {
      SimOperation[] kinds = operations.toArray(SimOperation[]::new);
      Fault fault = errno.isEmpty() ? faults.shortTransfer(kinds) : faults.error(errno, kinds);
      return fault.inFiles(glob);
    }
  }

  private static final SimOperation[] GROWING = {
    SimOperation.OPEN,
    SimOperation.WRITE,
    SimOperation.SYNC,
    SimOperation.DATA_SYNC,
    SimOperation.ALLOCATE,
    SimOperation.RENAME,
    SimOperation.CREATE_DIRECTORY
  };

  private static final SimOperation[] TRANSFERS = {SimOperation.READ, SimOperation.WRITE};

  /// In every build.
  private static final List<Trouble> ALWAYS =
      List.of(
          Trouble.of("EIO"),
          Trouble.of("ENOSPC", GROWING),
          Trouble.of("EMFILE", SimOperation.OPEN),
          Trouble.of(
              "ENOMEM",
              SimOperation.OPEN,
              SimOperation.READ,
              SimOperation.WRITE,
              SimOperation.STAT,
              SimOperation.UNLINK));

  /// Where every operation fails; else one of them, by the seed.
  private static final List<Trouble> IN_TURN =
      List.of(
          Trouble.passing("", TRANSFERS),
          Trouble.passing("EINTR", TRANSFERS),
          Trouble.passing("EAGAIN", TRANSFERS),
          Trouble.passing("ECANCELED", TRANSFERS),
          Trouble.of("EDQUOT", GROWING),
          Trouble.of("ENFILE", SimOperation.OPEN),
          Trouble.of("EOPNOTSUPP", SimOperation.ALLOCATE),
          Trouble.of("EROFS", SimOperation.OPEN, SimOperation.UNLINK, SimOperation.CREATE_DIRECTORY),
          Trouble.in("wal-*"),
          Trouble.in("manifest-*"),
          Trouble.in("table-*"),
          Trouble.in("lock"));

  /// Of what was not durable, how much a crash after the end keeps, in percent.
  private static final int[] KEPT = {0, 50, 100};

  private final SimTally tally;

  private long runs;
  private long runsOfSeveral;
  private long recoveries;

  /// @param tally counts the hosts
  ErrorCampaign(SimTally tally) {
    this.tally = tally;
  }

  /// Runs with an error.
  long runs() {
    return runs;
  }

  /// Of those with several clients.
  long runsOfSeveral() {
    return runsOfSeveral;
  }

  @Override
  public String toString() {
    return runs + " runs of a store with an error, " + runsOfSeveral + " of them of several clients, "
        + recoveries + " recoveries after them";
  }

  /// @param step every how many operations one fails
  /// @throws AssertionError that names the seed and the error
  void run(Workload workload, int step) {
    for (Trouble trouble : troubles(workload.seed(), step)) {
      for (boolean sticky : new boolean[] {false, true}) {
        boolean struck = trouble.lasting || !sticky;
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

  private static List<Trouble> troubles(long seed, int step) {
    List<Trouble> troubles = new ArrayList<>(ALWAYS);
    int turn = (int) (seed % IN_TURN.size());
    troubles.addAll(step == 1 ? IN_TURN : IN_TURN.subList(turn, turn + 1));
    return troubles;
  }

  /// Returns whether there was such an operation.
  private boolean run(Workload workload, Trouble trouble, long at, boolean sticky) {
    Faults faults = new Faults();
    Fault fault = trouble.addTo(faults).at(at);
    if (sticky) {
      fault.sticky();
    }
    SimDisk disk = StoreRun.newDisk();
    SimScheduler host = new SimScheduler(workload.seed(), disk, faults);
    History history = new History(workload.clients());
    StoreRun run = new StoreRun(host, history, !trouble.passes);
    boolean[] well = new boolean[1];
    host.run(() -> well[0] = run.run(workload.steps()));
    tally.add(host);
    if (trouble.passes && !well[0]) {
      throw new AssertionError("what passes was noticed");
    }
    if (fault.struck() == 0) {
      return false;
    }
    runs++;
    runsOfSeveral += workload.clients() > 1 ? 1 : 0;
    for (int kept : KEPT) {
      recover(at + kept, disk.crash(at, kept), history);
    }
    recover(at, disk, history);
    return true;
  }

  private void recover(long seed, SimDisk disk, History history) {
    recoveries++;
    HistoryView view = history.view();
    SimScheduler host = new SimScheduler(seed, disk);
    view.checkAfterCrash(Recoveries.open(host, view));
    tally.add(host);
  }
}
