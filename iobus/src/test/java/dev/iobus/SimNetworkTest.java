package dev.iobus;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InSimulation.class)
final class SimNetworkTest extends RingNetworkContract implements InSimulation.Simulated {

  private final SimDisk disk = new SimDisk();
  private final SimScheduler scheduler = new SimScheduler(9, disk);

  @BeforeEach
  void makeDirectory() {
    disk.createDirectories(directory);
  }

  @Override
  public SimScheduler scheduler() {
    return scheduler;
  }

  @Override
  public BackendKind kind() {
    return BackendKind.SIMULATED;
  }

  @Override
  public Bus open(int capacity) throws IOException {
    return Bus.open(BusOptions.defaults().withScheduler(scheduler).withCapacity(capacity));
  }

  @Override
  public long nanoTime() {
    return scheduler.nanoTime();
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
