package dev.iobus.kv.proof;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalFailedException;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The kernel answers EIO to the log's syncs, as it does when a disk dies: the file system under an
/// open log is stopped. Nothing is acknowledged after it, the first failure stays the cause, and
/// what was acknowledged before is there when the file system is back, which has forgotten all
/// that the page cache held.
@Timeout(60)
class LogOnBrokenDiskTest {

  private static final long DISK_BYTES = 64 << 20;

  @TempDir Path temporary;

  @ParameterizedTest
  @EnumSource
  void nothingIsAcknowledgedAfterAnError(Durability durability) throws Exception {
    try (LoopMount disk = LoopMount.create(temporary, DISK_BYTES);
        SharedBus bus = SharedBus.open(BusOptions.defaults())) {
      Path path = disk.directory().resolve("log");
      int synced;
      DataDirectory directory = DataDirectory.open(bus, path);
      try {
        Wal log = open(directory, durability, new ArrayList<>());
        for (int i = 0; i < 20; i++) {
          append(log, i, i % 2 == 0 ? durability : Durability.SYNCED);
        }
        synced = 20;
        append(log, 20, Durability.BUFFERED);
        long durable = log.durableLsn();
        disk.losePower();
        WalFailedException first =
            assertThrows(
                WalFailedException.class, () -> append(log, 21, Durability.SYNCED));
        assertEquals(
            "EIO", assertInstanceOf(BusException.class, first.getCause()).errnoName());
        for (Durability each : Durability.values()) {
          WalFailedException later =
              assertThrows(WalFailedException.class, () -> append(log, 22, each));
          assertSame(first.getCause(), later.getCause());
        }
        assertEquals(durable, log.durableLsn());
        assertThrows(WalFailedException.class, log::close);
      } finally {
        closeOnDeadDisk(directory);
      }
      disk.remount();
      List<Integer> found = new ArrayList<>();
      try (DataDirectory again = DataDirectory.open(bus, path);
          Wal log = open(again, durability, found)) {
        assertTrue(found.size() >= synced, "found " + found);
        for (int i = 0; i < found.size(); i++) {
          assertEquals(i, found.get(i));
        }
        append(log, found.size(), Durability.SYNCED);
      }
    }
  }

  /// The lock file cannot be emptied there; its descriptor is closed all the same.
  private static void closeOnDeadDisk(DataDirectory directory) {
    try {
      directory.close();
    } catch (IOException dead) {
      assertInstanceOf(BusException.class, dead);
    }
  }

  private static Wal open(DataDirectory directory, Durability durability, List<Integer> found)
      throws IOException {
    return Wal.open(
        directory,
        WalOptions.defaults().withDurability(durability),
        WalStart.NEW,
        new MemoryBudget(16 << 20),
        (lsn, end, payload) -> found.add(payload.get(JAVA_INT.withByteAlignment(1), 0)));
  }

  private static void append(Wal log, int number, Durability durability) throws IOException {
    MemorySegment record = MemorySegment.ofArray(new byte[100]);
    record.set(JAVA_INT.withByteAlignment(1), 0, number);
    log.append(record, durability);
  }
}
