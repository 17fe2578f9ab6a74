package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// The whole contract of a shared bus of one to three rings under the scheduler of a simulation. The seeds
/// draw hosts of one carrier and of more, and such where platform threads make calls themselves and such
/// where they do not.
@ParameterizedClass
@ValueSource(longs = {1, 2, 3, 4})
@ExtendWith(InSimulation.class)
final class SimSharedBusTest extends SharedBusContract implements InSimulation.Simulated {

  private final SimDisk disk = new SimDisk();
  private final int rings;
  private final SimScheduler scheduler;

  SimSharedBusTest(long seed) {
    scheduler = new SimScheduler(seed, disk);
    rings = 1 + (int) (seed % 3);
  }

  @Override
  public SimScheduler scheduler() {
    return scheduler;
  }

  @Override
  BackendKind kind() {
    return BackendKind.SIMULATED;
  }

  @Override
  SharedBus open(BusOptions options) throws IOException {
    disk.createDirectories(directory);
    return SharedBus.open(options.withScheduler(scheduler).withRings(rings));
  }

  @Override
  int rounds(int usual) {
    return Math.max(1, usual / 4);
  }

  @Override
  HostFiles host() {
    return new SimHostFiles(disk);
  }

  @Override
  Callers.Place place() {
    return new SimCallers(scheduler);
  }

  @Override
  RandomGenerator random() {
    return scheduler.random("contract");
  }

  /// A task for which nothing can happen ends the simulation with a failure.
  @Override
  void closeInTime(SharedBus closed) {
    closed.close();
  }

  /// By the descriptors of the simulation.
  @Override
  @Test
  void openAndCloseLeaveNoDescriptor() throws IOException {
    Path path = numbered("leak", 1);
    for (int i = 0; i < 50; i++) {
      try (SharedBus other = open(options())) {
        OpenFile file = other.open(path, OpenFlag.READ);
        other.register(file);
        other.read(file, memory(PAGE), 0);
        other.close(file);
      }
      assertEquals(0, scheduler.openFiles());
    }
  }
}
