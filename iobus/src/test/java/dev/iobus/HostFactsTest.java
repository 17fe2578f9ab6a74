package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class HostFactsTest {

  private final HostFacts host = HostFacts.system();

  @Test
  void onlyAProcessOfThisHostCanBeKnownToHaveEnded() throws Exception {
    HostProcess self = host.process();
    assertEquals(ProcessHandle.current().pid(), self.pid());
    assertFalse(host.hasEnded(self));
    assertTrue(host.hasEnded(new HostProcess(self.pid(), self.start() - 60_000, self.host())));
    assertFalse(host.hasEnded(new HostProcess(self.pid(), self.start() - 60_000, "elsewhere")));
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    assertTrue(host.hasEnded(new HostProcess(process.pid(), 0, self.host())));
  }

  @Test
  void aFileSystemThatIsNotThereHasTheCautiousDefault() {
    assertEquals(new FileSystemFacts("", 512), host.fileSystem(Path.of("/no such directory/x")));
    int bytes = host.fileSystem(Path.of(".")).physicalBlockBytes();
    assertTrue(bytes >= 512 && Integer.bitCount(bytes) == 1, bytes + " bytes");
    assertTrue(new FileSystemFacts("zfs", 4096).isCopyOnWrite());
    assertFalse(new FileSystemFacts("ext4", 4096).isCopyOnWrite());
  }

  /// Nothing of this machine may decide what a simulation does.
  @Test
  void aSimulatedHostSaysNothingOfThisOne() {
    SimScheduler one = new SimScheduler(1, new SimDisk());
    SimScheduler other = new SimScheduler(2, new SimDisk());
    assertEquals(one.process(), other.process());
    assertEquals(one.fileSystem(Path.of("/")), other.fileSystem(Path.of("/none")));
    assertEquals(Long.MAX_VALUE, one.lockedBytesMax());
    assertFalse(one.hasEnded(one.process()));
    assertTrue(one.hasEnded(new HostProcess(2, 0, one.process().host())));
    assertFalse(one.hasEnded(new HostProcess(2, 0, "elsewhere")));
  }
}
