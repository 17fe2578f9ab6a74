package dev.iobus;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InSimulation.class)
final class SimFileSlotsTest extends FileSlotsContract implements InSimulation.Simulated {

  private final SimDisk disk = new SimDisk();
  private final SimScheduler scheduler = new SimScheduler(10, disk);

  @Override
  public SimScheduler scheduler() {
    return scheduler;
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    disk.createDirectories(directory);
    return Bus.open(options.withScheduler(scheduler));
  }

  @Override
  HostFiles host() {
    return new SimHostFiles(disk);
  }

  /// By the descriptors of the simulation.
  @Override
  @Test
  void closingTheBusClosesWhatIsInItsSlots() {}
}
