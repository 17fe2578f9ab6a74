package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InSimulation.class)
final class SimFileOperationsTest extends FileOperationsContract
    implements InSimulation.Simulated {

  private final SimDisk disk = new SimDisk();
  private final SimScheduler scheduler =
      new SimScheduler(8, disk, new Faults(), SimDevice.NVME);

  @Override
  public SimScheduler scheduler() {
    return scheduler;
  }

  @Override
  BackendKind kind() {
    return BackendKind.SIMULATED;
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    disk.createDirectories(directory);
    return super.open(options.withScheduler(scheduler));
  }

  @Override
  HostFiles host() {
    return new SimHostFiles(disk);
  }

  @Override
  void assertModified(Path path, FileStatus status) {
    long age = scheduler.wallClockMillis() - requireNonNull(status.modified()).toEpochMilli();
    assertEquals(0, age / 1000);
  }

  /// A simulation allocates.
  @Override
  @Test
  void partsAllocateNothingInSteadyState() {}
}
