package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How the files of a log are made.
class SegmentSupplyTest {

  private static final int SEGMENT_BYTES = 1 << 20;

  @TempDir Path path;

  /// Zeros were written 256 KiB at a time. The kernel's page cache kept each write in one piece of so
  /// many blocks, all of which it looked at whenever a group of one short record was written into it.
  @Test
  void aSegmentInThePageCacheIsMadeOfShortWrites() throws IOException {
    assertMadeOf(Durability.WRITTEN, 16 << 10);
  }

  /// Past the cache each write is a wait for the device.
  @Test
  void aSegmentPastThePageCacheIsMadeOfLongWrites() throws IOException {
    assertMadeOf(Durability.SYNCED, 256 << 10);
  }

  private void assertMadeOf(Durability durability, int writeBytes) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory directory = DataDirectory.open(bus, path.resolve("log"))) {
      boolean direct = durability == Durability.SYNCED;
      Assumptions.assumeFalse(directory.isCopyOnWrite());
      Assumptions.assumeTrue(!direct || directory.directAlignment() > 0);
      TracedFiles files = new TracedFiles(LogFiles.of(directory), Map.of());
      WalOptions options =
          WalOptions.defaults()
              .withDurability(durability)
              .withSegmentBytes(SEGMENT_BYTES, SEGMENT_BYTES);
      Wal.open(directory, files, options, WalStart.NEW, new MemoryBudget(16 << 20), (l, e, p) -> {})
          .close();
      String first = files.ops().getFirst().name;
      long at = 0;
      for (TracedFiles.Op op : files.ops()) {
        if (op.name.equals(first) && op.isMaking() && at < SEGMENT_BYTES) {
          assertEquals(at, op.offset);
          assertEquals(writeBytes, op.bytes.length);
          at += op.bytes.length;
        }
      }
      assertEquals(SEGMENT_BYTES, at);
    }
  }
}
