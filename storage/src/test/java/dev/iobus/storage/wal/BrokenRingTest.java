package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A ring that breaks at every wait of the life of a log and of a frame file, in turn.
///
/// What was in flight then ends some time later, and nobody hears of it: the memory of it must not have
/// been freed meanwhile. It was: windows of readers and of recovery, buffers of groups and of frame
/// files went away with whoever had opened them, under a kernel that still wrote there. The simulated
/// one fails when it finds its memory gone.
final class BrokenRingTest {

  private static final Path DIRECTORY = Path.of("/sim/data");
  private static final Logger BUSSES = Logger.getLogger("dev.iobus");
  private static final int RECORDS = 12;

  /// What a directory takes for itself while it is opened, beside any budget.
  private static final long DIRECTORY_BYTES = 32 << 10;

  /// A bus that fails says so, which is no news here.
  @BeforeEach
  void silenceBusses() {
    BUSSES.setLevel(Level.OFF);
  }

  @AfterEach
  void hearBusses() {
    BUSSES.setLevel(null);
  }

  @Test
  void memoryInFlightIsNotFreed() throws IOException {
    breakEverywhere(LogHarness.TINY, 1);
  }

  /// As above where a window is three requests, in flight together.
  @Test
  void windowsInFlightAreNotFreed() throws IOException {
    long kept = breakEverywhere(LogHarness.TINY.withSegmentBytes(2 << 20, 2 << 20), 5);
    assertTrue(kept >= FrameReader.WINDOW_BYTES, "no window was in flight: " + kept);
  }

  /// Returns the most bytes that were not freed.
  ///
  /// @param step one wait of so many breaks
  private static long breakEverywhere(WalOptions options, int step) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(Path.of("/sim"));
    // One life that nothing happens to, so that the next one has something to recover.
    live(1, disk, new Faults(), options);
    long keptMax = 0;
    boolean broke = true;
    for (int wait = 1; broke; wait += step) {
      Faults faults = new Faults().breakRingsAt(wait);
      keptMax = Math.max(keptMax, live(wait, disk.kill(1), faults, options));
      broke = faults.haveBrokenRings();
      assertTrue(wait < 2000, "a life of more than 2,000 waits");
    }
    return keptMax;
  }

  /// Returns the bytes that were not freed.
  private static long live(int seed, SimDisk disk, Faults faults, WalOptions options)
      throws IOException {
    SimScheduler host = new SimScheduler(seed, disk, faults);
    assertTrue(host.runVirtual(() -> live(host, options)), "seed " + seed);
    return host.memoryBytes();
  }

  private static void live(SimScheduler host, WalOptions options) {
    boolean ended = false;
    MemoryBudget budget = new MemoryBudget(16 << 20);
    MemoryBudget.Account account = budget.open("frames", 0);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host))) {
      try (DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
        useLog(directory, budget, options);
        useFrames(directory, account);
        ended = true;
      } finally {
        // What is in flight ends while the ring is still there.
        host.park(host.nanoTime() + 1_000_000_000L);
      }
    } catch (IOException e) {
      assertTrue(host.faults().haveBrokenRings(), e::toString);
    }
    account.close();
    long kept = host.memoryBytes();
    assertTrue(
        kept <= budget.reserved() + DIRECTORY_BYTES,
        () -> kept + " bytes are not freed, reserved are " + budget.reserved());
    if (ended && !host.faults().haveBrokenRings()) {
      assertEquals(0, budget.reserved());
    }
  }

  private static void useLog(
      DataDirectory directory, MemoryBudget budget, WalOptions options) throws IOException {
    int[] found = {0};
    try (Wal wal =
        Wal.open(
            directory,
            options,
            WalStart.NEW,
            budget,
            (lsn, end, payload) -> found[0]++)) {
      assertTrue(found[0] % RECORDS == 0, found[0] + " records");
      long from = wal.tail();
      for (int i = 0; i < RECORDS; i++) {
        int length = i == RECORDS / 2 ? 40_000 : 100 * i;
        wal.append(MemorySegment.ofArray(LogHarness.record(i, length)), Durability.SYNCED);
      }
      try (WalReader reader = wal.reader(from, Durability.SYNCED)) {
        for (int i = 0; i < RECORDS; i++) {
          assertTrue(reader.next());
          assertEquals(i, LogHarness.number(reader.payload().toArray(ValueLayout.JAVA_BYTE)));
        }
        assertFalse(reader.next());
      }
    }
  }

  private static void useFrames(DataDirectory directory, MemoryBudget.Account account)
      throws IOException {
    byte[] record = LogHarness.record(1, 100_000);
    String name = "frames";
    if (directory.list().contains(name)) {
      FrameFile.read(
          directory,
          name,
          FileKind.MANIFEST,
          account,
          (lsn, end, payload) ->
              assertArrayEquals(record, payload.toArray(ValueLayout.JAVA_BYTE)));
      directory.delete(name);
    }
    try (FrameFile file = FrameFile.create(directory, name, FileKind.MANIFEST, 7, account)) {
      file.append(MemorySegment.ofArray(record));
      file.mark();
    }
  }
}
