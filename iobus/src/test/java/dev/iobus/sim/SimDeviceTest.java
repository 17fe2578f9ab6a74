package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// How long a disk of each kind takes, and that it costs no real time.
final class SimDeviceTest {

  private static final Path DIRECTORY = Path.of("/devices");
  private static final int WRITES = 300;

  /// A host with such a disk that has written and synced that often, one operation after the other.
  private static SimScheduler written(long seed, SimDevice device, int writes) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    SimScheduler host = new SimScheduler(seed, disk, new Faults(), device);
    host.run(() -> write(host, writes));
    return host;
  }

  private static void write(SimScheduler host, int writes) throws IOException {
    try (Arena arena = Arena.ofShared();
        SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host))) {
      OpenFile file = bus.open(DIRECTORY.resolve("file"), OpenFlag.WRITE, OpenFlag.CREATE);
      MemorySegment block = arena.allocate(4096);
      for (int i = 0; i < writes; i++) {
        long begin = host.nanoTime();
        bus.writeFully(file, block, 0, WriteFlag.NONE);
        bus.sync(file);
        long took = host.nanoTime() - begin;
        // Switches between tasks pass some time, too.
        assertTrue(took < 2 * host.device().slowestNanos() + 1_000_000, took + " ns");
      }
      bus.close(file);
    }
  }

  @Test
  void whoWaitsForADiskWaitsForNothingElse() throws IOException {
    for (SimDevice device : SimDevice.values()) {
      SimScheduler host = written(7, device, WRITES);
      assertEquals(device, host.device());
      long rest = host.elapsedNanos() - host.deviceNanos();
      assertTrue(rest >= 0, device + ": " + rest);
      assertTrue(rest < 2_000 * host.switches(), device + ": " + rest);
    }
  }

  @Test
  void disksThatSpinAreSlowerThanFlash() throws IOException {
    long fastest = written(1, SimDevice.NVME, WRITES).elapsedNanos();
    long network = written(1, SimDevice.NETWORK, WRITES).elapsedNanos();
    long spins = written(1, SimDevice.HARD_DISK, WRITES).elapsedNanos();
    assertTrue(WRITES * 5_000_000L < spins && fastest < network, fastest + ", " + network);
    assertTrue(fastest < spins / 3, fastest + ", " + spins);
  }

  @Test
  void sickDisksStandStillForSeconds() throws IOException {
    long stalls = 0;
    for (long seed = 1; seed <= 20; seed++) {
      SimScheduler host = written(seed, SimDevice.SICK, WRITES);
      stalls += host.elapsedNanos() > 4_000_000_000L ? 1 : 0;
    }
    assertTrue(stalls > 10, stalls + " of 20");
  }

  @Test
  void seedsDrawEveryKindAndAnswerForIt() throws IOException {
    Set<SimDevice> drawn = EnumSet.noneOf(SimDevice.class);
    for (long seed = 1; seed <= 60; seed++) {
      SimScheduler host = new SimScheduler(seed, new SimDisk());
      assertEquals(host.device(), new SimScheduler(seed, new SimDisk()).device());
      drawn.add(host.device());
    }
    assertEquals(EnumSet.allOf(SimDevice.class), drawn);
    assertEquals(
        written(3, SimDevice.SICK, 20).traceHash(), written(3, SimDevice.SICK, 20).traceHash());
  }

  /// The aim of a simulation: a day of waiting in minutes. What is far above it here is far above it
  /// on any machine.
  @Test
  void waitingForASlowDiskIsAThousandTimesAsFast() throws IOException {
    SimTally tally = new SimTally();
    for (long seed = 1; seed <= 10; seed++) {
      tally.add(written(seed, SimDevice.HARD_DISK, 20 * WRITES));
    }
    assertTrue(tally.ratio(SimDevice.HARD_DISK) > 1000, tally::toString);
    assertEquals(tally.ratio(SimDevice.HARD_DISK), tally.ratio());
    assertEquals(0, tally.ratio(SimDevice.NVME));
  }
}
