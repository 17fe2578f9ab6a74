package dev.iobus;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InSimulation.class)
final class SimNetworkTest extends RingNetworkContract implements SimHost {

  private final SimDisk disk = new SimDisk();
  private final SimScheduler scheduler = new SimScheduler(9, disk);

  @Override
  public SimDisk disk() {
    return disk;
  }

  @Override
  public SimScheduler scheduler() {
    return scheduler;
  }

  @Override
  public boolean sendsWithoutCopy() {
    return true;
  }

  /// As a task of the simulation, for time does not wait for other threads.
  @Override
  public Running start(Runnable body) {
    boolean[] ended = new boolean[1];
    scheduler.start(
        "beside",
        () -> {
          body.run();
          ended[0] = true;
        });
    return () -> {
      while (!ended[0]) {
        scheduler.yield();
      }
    };
  }
}
