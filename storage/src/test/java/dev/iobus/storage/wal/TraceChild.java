package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;

/// Runs simulations of a log and prints what happened, in one number each; in a JVM of its own or in
/// that of a test.
final class TraceChild {

  private TraceChild() {}

  /// Prints a line for each seed.
  ///
  /// @param arguments the seeds
  public static void main(String[] arguments) throws IOException {
    for (String seed : arguments) {
      System.out.println(trace(Long.parseLong(seed)));
    }
  }

  /// A run in which some transfers are disturbed, and the log opened once more.
  static String trace(long seed) throws IOException {
    SimDisk disk = LogSimulation.newDisk();
    Faults faults = new Faults();
    faults.shortTransfer().withOdds(0.05);
    faults.error("EINTR", SimOperation.READ, SimOperation.WRITE).withOdds(0.05);
    SimScheduler scheduler = new SimScheduler(seed, disk, faults);
    LogSimulation log = new LogSimulation(seed);
    assertTrue(scheduler.run(() -> log.append(scheduler, 2, 6)));
    log.check(LogSimulation.recover(seed, disk));
    return Long.toHexString(scheduler.traceHash()) + " " + Long.toHexString(disk.contentHash());
  }
}
