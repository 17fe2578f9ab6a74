package dev.iobus.bench.torture;

import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// What a simulation costs on this machine.
///
/// @param handOverNanos real time to hand the baton from one task to another
/// @param waits of one task that does nothing but wait for disks of every kind
record SimulationCost(double handOverNanos, SimTally waits) {

  private static final int TASKS = 4;
  private static final int YIELDS = 50_000;
  private static final int WRITES = 200;
  private static final int HOSTS = 16;

  /// Takes about half a second.
  static SimulationCost measure() throws IOException {
    measureHandOver();
    measureWaits(HOSTS / 4);
    return new SimulationCost(measureHandOver(), measureWaits(HOSTS));
  }

  private static double measureHandOver() {
    SimScheduler host = new SimScheduler(1, new SimDisk());
    int[] running = {TASKS};
    long start = System.nanoTime();
    host.run(
        () -> {
          for (int i = 0; i < TASKS; i++) {
            host.start(
                "yielder",
                () -> {
                  for (int n = 0; n < YIELDS; n++) {
                    host.yield();
                  }
                  running[0]--;
                });
          }
          while (running[0] > 0) {
            host.yield();
          }
        });
    return (double) (System.nanoTime() - start) / host.switches();
  }

  /// One task writes and syncs, over and over, on disks of each kind.
  private static SimTally measureWaits(int hosts) throws IOException {
    SimTally tally = new SimTally();
    for (SimDevice device : SimDevice.values()) {
      for (int seed = 0; seed < hosts; seed++) {
        SimDisk disk = new SimDisk();
        disk.createDirectories(Path.of("/torture"));
        SimScheduler host = new SimScheduler(seed, disk, new Faults(), device);
        host.run(() -> write(host));
        tally.add(host);
      }
    }
    return tally;
  }

  private static void write(SimScheduler host) throws IOException {
    try (Arena arena = Arena.ofShared();
        SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host))) {
      OpenFile file = bus.open(Path.of("/torture/file"), OpenFlag.WRITE, OpenFlag.CREATE);
      MemorySegment block = arena.allocate(4096);
      for (int i = 0; i < WRITES; i++) {
        bus.writeFully(file, block, 0, WriteFlag.NONE);
        bus.sync(file);
      }
      bus.close(file);
    }
  }
}
