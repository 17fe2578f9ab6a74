package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A log whose disk fails at every operation of one run, once and for ever, in all files and in those of
/// one class; then the process ends, and power may be lost. What passes must not be noticed.
///
/// The system property `iobus.simulation.logErrors` says for how many seeds ([#LOGS]),
/// `iobus.simulation.step` that one operation in so many fails ([#STEP]), `iobus.simulation.seed` where
/// they begin, and `iobus.simulation.seconds` for how long any is begun; the profile `simulation` lets
/// every operation fail.
final class LogErrorSimulationTest {

  private static final int LOGS = Integer.getInteger("iobus.simulation.logErrors", 9);
  private static final int STEP = Integer.getInteger("iobus.simulation.step", 10);
  private static final int SEED = Integer.getInteger("iobus.simulation.seed", 1);
  private static final long SECONDS = Long.getLong("iobus.simulation.seconds", 36_000);

  private static final int RECORDS = 6;

  /// Of what was not durable, how much a crash after the end keeps, in percent.
  private static final int[] KEPT = {0, 50, 100};

  private static final Set<SimOperation> GROWING =
      Set.of(
          SimOperation.OPEN, SimOperation.WRITE, SimOperation.SYNC, SimOperation.DATA_SYNC,
          SimOperation.ALLOCATE, SimOperation.RENAME, SimOperation.CREATE_DIRECTORY);

  private static final Set<SimOperation> TRANSFERS =
      Set.of(SimOperation.READ, SimOperation.WRITE);

  /// What goes wrong.
  ///
  /// @param errno the error, empty for a transfer that is short
  /// @param glob of the files in which it does
  /// @param operations none: all
  /// @param passes whether nobody may notice
  private record Trouble(
      String errno, String glob, Set<SimOperation> operations, boolean passes) {

    Fault addTo(Faults faults) {
      SimOperation[] kinds = operations.toArray(SimOperation[]::new);
      Fault fault = errno.isEmpty() ? faults.shortTransfer(kinds) : faults.error(errno, kinds);
      return fault.inFiles(glob);
    }

    /// What passes is tried again for ever, and a block that is always short is never whole.
    boolean mayLast() {
      return !passes;
    }
  }

  private static final List<Trouble> TROUBLES =
      List.of(
          new Trouble("EIO", "*", Set.of(), false),
          new Trouble("EIO", "wal-*", Set.of(), false),
          new Trouble("EIO", "lock", Set.of(), false),
          new Trouble("ENOSPC", "*", GROWING, false),
          new Trouble("EDQUOT", "*", GROWING, false),
          new Trouble("EMFILE", "*", Set.of(SimOperation.OPEN), false),
          new Trouble("ENOMEM", "*", Set.of(), false),
          new Trouble("", "*", TRANSFERS, true),
          new Trouble("EINTR", "*", TRANSFERS, true),
          new Trouble("EAGAIN", "*", TRANSFERS, true),
          new Trouble("ECANCELED", "*", TRANSFERS, true));

  private static final Logger BUSSES = Logger.getLogger("dev.iobus");

  private final SimTally tally = new SimTally();
  private long runs;

  /// A log that fails says so, which is no news here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  @Test
  @SuppressWarnings("SystemOut") // The numbers are what the campaign is measured by.
  void everyErrorLeavesWhatWasAcknowledged() throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    int seed = SEED;
    for (; seed < SEED + LOGS && System.nanoTime() - end < 0; seed++) {
      failEverywhere(seed);
    }
    System.out.println(
        runs + " runs of a log with an error; " + tally + "; the next is -Diobus.simulation.seed="
            + seed);
    assertTrue(runs >= 100L * (seed - SEED) / STEP, runs + " runs");
  }

  private void failEverywhere(int seed) throws IOException {
    for (Trouble trouble : TROUBLES) {
      for (boolean sticky : new boolean[] {false, true}) {
        boolean struck = !sticky || trouble.mayLast();
        for (long at = 1L + seed % STEP; struck; at += STEP) {
          try {
            struck = fail(seed, trouble, at, sticky);
          } catch (IOException | AssertionError e) {
            throw new AssertionError(
                "seed " + seed + ", " + trouble + " at " + at + (sticky ? " and after" : ""), e);
          }
        }
      }
    }
  }

  /// Returns whether there was such an operation.
  private boolean fail(int seed, Trouble trouble, long at, boolean sticky) throws IOException {
    int writers = 1 + seed % 3;
    SimDisk disk = LogSimulation.newDisk();
    Faults faults = new Faults();
    Fault fault = trouble.addTo(faults).at(at);
    if (sticky) {
      fault.sticky();
    }
    SimScheduler host = new SimScheduler(seed, disk, faults);
    LogSimulation log = new LogSimulation(seed);
    boolean lasted =
        trouble.passes
            ? host.run(() -> log.append(host, writers, RECORDS))
            : log.appendDespiteErrors(host, writers, RECORDS);
    assertTrue(lasted);
    tally.add(host);
    if (fault.struck() == 0) {
      return false;
    }
    runs++;
    // A close that failed had left the files behind it open.
    assertEquals(0, host.openFiles());
    for (int kept : KEPT) {
      check(log, new SimScheduler(at + kept, disk.crash(at, kept)));
    }
    check(log, new SimScheduler(at, disk));
    return true;
  }

  private void check(LogSimulation log, SimScheduler host) throws IOException {
    log.check(LogSimulation.recover(host));
    tally.add(host);
  }
}
