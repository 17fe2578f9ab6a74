package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A ring that breaks under a page cache.
final class BrokenRingTest {

  private static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(2);

  private static final Logger BUSSES = Logger.getLogger("dev.iobus");

  /// A bus that fails says so, which is no news here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  /// After a bus had failed under a large read, whose memory is never freed, the cache freed all
  /// the rest and threw; closing it once more freed it twice. And the I/O slab, which is as little
  /// freed, was given back to the budget.
  @Test
  void memoryThatAFailedBusKeepsStaysReserved() {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    CacheAccounts accounts = CacheAccounts.open(budget, OPTIONS, Scheduler.system());
    assertTrue(accounts.readers.tryReserve(2 << 20));
    accounts.close(0);
    int kept = (2 << 20) + OPTIONS.ioBufferBytes();
    assertEquals(kept, budget.reserved());
    assertEquals((16 << 20) - kept, budget.available());
  }

  /// As above with the whole cache: at whatever moment the ring breaks, the cache closes, and pays for
  /// what it has not freed.
  ///
  /// @param pages of a block: what the slab holds, or more
  @ParameterizedTest
  @ValueSource(ints = {8, 80})
  void whatTheKernelMayStillWriteToStaysReserved(int pages) {
    boolean broke = true;
    long kept = 0;
    for (int wait = 1; broke; wait++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(Path.of("/sim"));
      Faults faults = new Faults().breakRingsAt(wait);
      SimScheduler host = new SimScheduler(wait, disk, faults);
      assertTrue(host.runVirtual(() -> readUntilTheRingBreaks(host, pages)), "wait " + wait);
      broke = faults.haveBrokenRings();
      kept = Math.max(kept, host.memoryBytes());
    }
    assertTrue(kept > 0, "no memory was in flight");
  }

  private static void readUntilTheRingBreaks(SimScheduler host, int pages) {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    boolean opened = false;
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        AutoCloseable later = () -> host.park(host.nanoTime() + 1_000_000_000L);
        DataDirectory directory = DataDirectory.open(bus, Path.of("/sim/data"));
        DataFile file = TestBlocks.write(directory, "t", 1, 4, pages, 5000);
        PageCache cache = PageCache.open(bus, budget, OPTIONS);
        BlockFile attached = cache.attach(file, 1, new TestBlocks(1, file.path()))) {
      assertSame(bus, directory.bus());
      opened = true;
      for (int block = 0; block < 4; block++) {
        cache.pin(attached, 4096L * block * pages, pages).close();
        cache.pin(attached, 4096L * block * pages, pages).close();
      }
      assertTrue(later != null);
    } catch (IOException e) {
      assertTrue(host.faults().haveBrokenRings(), e::toString);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    // What is opened before the cache pays for its memory elsewhere, or not at all.
    assertTrue(
        !opened || host.memoryBytes() <= budget.reserved(),
        () -> host.memoryBytes() + " bytes are not freed, reserved are " + budget.reserved());
  }
}
