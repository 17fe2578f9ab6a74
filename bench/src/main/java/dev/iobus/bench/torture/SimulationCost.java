package dev.iobus.bench.torture;

import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// What a simulation costs on this machine.
///
/// @param handOverNanos real time to hand the baton from one task to another
/// @param virtualRatio how much faster than real time a task waits for a disk
record SimulationCost(double handOverNanos, double virtualRatio) {

  private static final int TASKS = 4;
  private static final int YIELDS = 50_000;
  private static final int WRITES = 200;
  private static final int HOSTS = 64;

  /// Takes about half a second.
  static SimulationCost measure() throws IOException {
    measureHandOver();
    measureRatio(HOSTS / 4);
    return new SimulationCost(measureHandOver(), measureRatio(HOSTS));
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

  /// One task writes and syncs, over and over, on disks of all kinds of speed.
  private static double measureRatio(int hosts) throws IOException {
    long virtual = 0;
    long start = System.nanoTime();
    for (int seed = 0; seed < hosts; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/torture"));
      SimScheduler host = new SimScheduler(seed, disk);
      host.run(() -> write(host));
      virtual += host.elapsedNanos();
    }
    return (double) virtual / (System.nanoTime() - start);
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
