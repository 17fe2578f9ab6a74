package dev.iobus;

import dev.iobus.sim.SimDisk;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;

/// A simulation whose busses a contract is run on.
interface SimHost extends BusHost, InSimulation.Simulated {

  SimDisk disk();

  @BeforeEach
  default void makeDirectory() {
    disk().createDirectories(directory());
  }

  @Override
  default BackendKind kind() {
    return BackendKind.SIMULATED;
  }

  @Override
  default Bus open(int capacity) throws IOException {
    return Bus.open(BusOptions.defaults().withScheduler(scheduler()).withCapacity(capacity));
  }

  @Override
  default long nanoTime() {
    return scheduler().nanoTime();
  }
}
