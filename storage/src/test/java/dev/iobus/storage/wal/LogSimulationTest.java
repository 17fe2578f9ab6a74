package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A log whose power is lost after each of its operations, and again while it recovers.
final class LogSimulationTest {

  private static final Logger BUSSES = Logger.getLogger("dev.iobus");

  /// A log that waits for its device says so, which is no news here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  @Test
  void sameSeedSameTrace() throws IOException {
    for (int seed = 1; seed <= 3; seed++) {
      assertEquals(trace(seed), trace(seed), "seed " + seed);
    }
  }

  private static long trace(long seed) throws IOException {
    SimDisk disk = LogSimulation.newDisk();
    SimScheduler scheduler = new SimScheduler(seed, disk);
    LogSimulation log = new LogSimulation(seed);
    assertTrue(scheduler.run(() -> log.append(scheduler, 2, 6)));
    log.check(LogSimulation.recover(seed, disk));
    return scheduler.traceHash();
  }

  @Test
  void everyCrashLeavesWhatWasAcknowledged() throws IOException {
    crashEverywhere(1, 1, 4, 5, 90);
    crashEverywhere(2, 2, 4, 5, 90);
  }

  @Tag("long")
  @Test
  void everyCrashLeavesWhatWasAcknowledgedForManySeeds() throws IOException {
    for (int seed = 10; seed < 40; seed++) {
      crashEverywhere(seed, 1 + seed % 3, 6, 1, 25);
    }
  }

  /// The mark of an idle log was being written when the close came to its own mark, which it left out
  /// then: the only one was not synced. Nothing told, after a loss of power, that all had been
  /// durable.
  @Test
  void closeLeavesADurableMark() throws IOException {
    for (int seed = 1; seed <= 400; seed++) {
      SimDisk disk = LogSimulation.newDisk();
      SimScheduler host = new SimScheduler(seed, disk, new Faults(), SimDevice.NVME);
      // About when the mark of the idle log is due.
      long pause = LogTimer.IDLE_NANOS - 20L * (seed % 200);
      assertTrue(
          host.run(
              () ->
                  LogSimulation.open(
                      host,
                      (wal, used) -> {
                        wal.append(MemorySegment.ofArray(new byte[100]), Durability.SYNCED);
                        long end = host.nanoTime() + pause;
                        while (host.nanoTime() < end) {
                          host.park(end);
                        }
                      })));
      SimScheduler again = new SimScheduler(seed, disk.crash(seed, 0));
      String place = "seed " + seed;
      assertTrue(
          again.run(
              () ->
                  LogSimulation.open(
                      again,
                      (wal, used) ->
                          assertInstanceOf(WalTail.Clean.class, wal.recovered(), place))));
    }
  }

  @Test
  void interruptionsAndShortTransfersChangeNothing() throws IOException {
    for (int seed = 1; seed <= 10; seed++) {
      SimDisk disk = LogSimulation.newDisk();
      Faults faults = new Faults();
      faults
          .error(
              "EINTR",
              SimOperation.READ,
              SimOperation.WRITE,
              SimOperation.SYNC,
              SimOperation.DATA_SYNC)
          .withOdds(0.1);
      faults.shortTransfer().withOdds(0.2);
      SimScheduler scheduler = new SimScheduler(seed, disk, faults);
      LogSimulation log = new LogSimulation(seed);
      assertTrue(scheduler.run(() -> log.append(scheduler, 2, 6)));
      log.check(LogSimulation.recover(seed, disk.crash(seed)));
    }
  }

  /// Where a read ends early, on a sector, a file may seem to end, and a log to be torn.
  @Test
  void readsThatAreAlwaysShortLoseNothing() throws IOException {
    for (int seed = 1; seed <= 5; seed++) {
      SimDisk disk = LogSimulation.newDisk();
      SimScheduler scheduler = new SimScheduler(seed, disk);
      LogSimulation log = new LogSimulation(seed);
      assertTrue(scheduler.run(() -> log.append(scheduler, 2, 6)));
      Faults faults = new Faults();
      Fault fault = faults.shortTransfer(SimOperation.READ).sticky();
      log.check(LogSimulation.recover(new SimScheduler(seed, disk.crash(seed), faults)));
      assertTrue(fault.struck() > 0);
    }
  }

  /// Runs a workload once to count its operations, then once for each of them with a loss of power
  /// there; and for every `nestedStep`th of these, again after every operation of the recovery.
  private static void crashEverywhere(
      long seed, int writers, int records, int step, int nestedStep) throws IOException {
    SimDisk whole = LogSimulation.newDisk();
    SimScheduler counting = new SimScheduler(seed, whole);
    LogSimulation complete = new LogSimulation(seed);
    assertTrue(counting.run(() -> complete.append(counting, writers, records)));
    complete.check(LogSimulation.recover(seed, whole));
    for (long at = 1; at < counting.operations(); at += step) {
      crashAt(seed, writers, records, at, at % nestedStep == 1 % nestedStep);
    }
  }

  private static void crashAt(long seed, int writers, int records, long at, boolean nested)
      throws IOException {
    SimDisk disk = LogSimulation.newDisk();
    SimScheduler scheduler = new SimScheduler(seed, disk, new Faults().losePowerAfter(at));
    LogSimulation log = new LogSimulation(seed);
    assertFalse(scheduler.run(() -> log.append(scheduler, writers, records)));
    String place = "seed " + seed + ", crash after operation " + at;
    try {
      for (int image = 0; image < 2; image++) {
        SimDisk after = disk.crash(at * 31 + image);
        List<byte[]> recovered = LogSimulation.recover(at, after.crash(1));
        log.check(recovered);
        if (nested && image == 0) {
          crashRecovery(at, after, recovered);
        }
      }
    } catch (IOException | AssertionError e) {
      throw new AssertionError(place, e);
    }
  }

  /// What is there is what was there, however often the recovery is cut short.
  private static void crashRecovery(long seed, SimDisk crashed, List<byte[]> expected)
      throws IOException {
    boolean over = false;
    for (long at = 1; !over; at++) {
      SimDisk disk = crashed.crash(1);
      over = LogSimulation.recoverUntil(seed, disk, at);
      try {
        LogSimulation.assertSameRecords(
            expected, LogSimulation.recover(seed + 1, over ? disk : disk.crash(at)));
      } catch (IOException | AssertionError e) {
        throw new AssertionError("crash after operation " + at + " of the recovery", e);
      }
    }
  }
}
