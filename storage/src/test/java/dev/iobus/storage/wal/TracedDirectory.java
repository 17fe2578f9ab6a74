package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.AppendPrimitive.Way;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;

/// A directory of real files, in which a log finds the device that a test wants.
final class TracedDirectory implements AutoCloseable {

  private static final long TRIAL_NANOS = 2_000_000;

  private final SharedBus bus;
  private final DataDirectory directory;
  private final TracedFiles files;

  TracedDirectory(Path path) throws IOException {
    bus = SharedBus.open(BusOptions.defaults());
    directory = DataDirectory.open(bus, path);
    files = new TracedFiles(LogFiles.of(directory), Map.of());
  }

  SharedBus bus() {
    return bus;
  }

  DataDirectory directory() {
    return directory;
  }

  TracedFiles files() {
    return files;
  }

  /// What is done before each operation from now on.
  void fault(TracedFiles.Fault next) {
    files.fault(next);
  }

  /// All operations but the first ones.
  List<TracedFiles.Op> opsFrom(int index) {
    List<TracedFiles.Op> ops = files.ops();
    return ops.subList(index, ops.size());
  }

  /// Opens a log on a device that is quickest in the one way.
  Wal open(Way way) throws IOException {
    Assumptions.assumeFalse(directory.isCopyOnWrite());
    files.quickestIn(way, () -> LockSupport.parkNanos(TRIAL_NANOS));
    Wal wal = open(LogHarness.TINY);
    files.fault(op -> {});
    assertEquals(way, wal.appendPrimitive().way(), wal.primitive());
    return wal;
  }

  /// Opens a log whose segments grow.
  Wal openGrowing() throws IOException {
    return openGrowing(64 << 10);
  }

  Wal openGrowing(int firstSegmentBytes) throws IOException {
    WalOptions options = LogHarness.TINY.withSegmentBytes(firstSegmentBytes, 1 << 20);
    return open(options);
  }

  private Wal open(WalOptions options) throws IOException {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    return Wal.open(directory, files, options, WalStart.NEW, budget, (lsn, end, payload) -> {});
  }

  /// Appends a record of 100 bytes, durable on return.
  static long append(Wal wal, int number) throws IOException {
    return wal.append(MemorySegment.ofArray(record(number, 100)), Durability.SYNCED);
  }

  /// Waits in the place of an operation of the device.
  static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(20, TimeUnit.SECONDS)) {
        throw new IOException("waited in vain");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    directory.close();
    bus.close();
  }
}
