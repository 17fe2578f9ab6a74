package dev.iobus.storage.file;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A process made the directory and was killed before it had synced the directory above. The next
/// one found it there, took it for durable, and acknowledged what it wrote; then power was lost, and
/// the directory with everything in it was gone. So who finds an empty directory syncs its name.
final class DirectoryCrashTest {

  private static final Path PARENT = Path.of("/crash");
  private static final Path DIRECTORY = PARENT.resolve("data");

  @Test
  void directoryOfAKilledProcessOutlivesALossOfPower() throws IOException {
    boolean over = false;
    int found = 0;
    for (int at = 1; !over; at++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(PARENT);
      SimScheduler killed = new SimScheduler(at, disk, new Faults().losePowerAfter(at));
      over = killed.run(() -> create(killed, "a"));
      found += disk.exists(DIRECTORY) ? 1 : 0;
      SimScheduler next = new SimScheduler(at + 1, disk);
      assertTrue(next.run(() -> create(next, "b")));
      for (int image = 0; image < 4; image++) {
        List<String> names = disk.crash(image).list(DIRECTORY);
        assertTrue(names.contains("b"), "killed after " + at + " operations: " + names);
      }
    }
    assertTrue(found > 3, found + " of the killed processes had made the directory");
  }

  private static void create(SimScheduler scheduler, String name) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(scheduler));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      directory.create(name, false).close();
      directory.sync();
    }
  }
}
