package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FewThreads;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A task was counted before it was started. Where the host had no thread for it, the log's end
/// waited for ever for a task that never was.
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogTasksTest {

  @TempDir Path path;

  private final MemoryBudget budget = new MemoryBudget(16 << 20);

  private Wal open(DataDirectory directory) throws IOException {
    return Wal.open(
        directory, LogHarness.TINY, WalStart.NEW, budget, (lsn, end, payload) -> {});
  }

  @ParameterizedTest
  @ValueSource(strings = {"wal-segments", "wal-timer", "wal-watch"})
  void logWithoutThreadsIsNotOpened(String task) throws Exception {
    FewThreads host = new FewThreads(task);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, path.resolve("log"))) {
      assertThrows(OutOfMemoryError.class, () -> open(directory));
      assertEquals(0, budget.reserved());
      host.giveThreads();
      try (Wal wal = open(directory)) {
        wal.append(MemorySegment.ofArray(record(1, 100)), Durability.SYNCED);
      }
    }
  }

  @Test
  void callbacksThatGetNoTaskAreRefusedUntilThereIsOne() throws Exception {
    FewThreads host = new FewThreads("wal-acks");
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, path.resolve("log"))) {
      try (Wal wal = open(directory)) {
        long end = wal.append(MemorySegment.ofArray(record(1, 100)));
        assertThrows(
            OutOfMemoryError.class, () -> wal.whenReached(end, Durability.SYNCED).toString());
        host.giveThreads();
        for (Durability durability : List.of(Durability.SYNCED, Durability.WRITTEN)) {
          long reached =
              wal.whenReached(end, durability).toCompletableFuture().get(10, TimeUnit.SECONDS);
          assertEquals(end, reached);
        }
      }
      FewThreads again = new FewThreads("wal-acks");
      try (SharedBus other = SharedBus.open(BusOptions.defaults().withScheduler(again));
          DataDirectory second = DataDirectory.open(other, path.resolve("second"))) {
        Wal wal = open(second);
        assertThrows(
            OutOfMemoryError.class, () -> wal.whenReached(0, Durability.SYNCED).toString());
        wal.close();
      }
    }
  }
}
