package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.direct;
import static dev.iobus.storage.wal.LogHarness.record;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrameFileTest {

  private static final String NAME = "manifest-000001";
  private static final int BLOCK = 4096;

  @TempDir Path path;
  private final List<byte[]> records = new ArrayList<>();

  private WalTail read(LogHarness log) throws IOException {
    records.clear();
    return FrameFile.read(
        log.directory(),
        NAME,
        FileKind.MANIFEST,
        account(log),
        (lsn, end, payload) ->
            records.add(payload.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)));
  }

  private static MemoryBudget.Account account(LogHarness log) {
    return log.budget().open("manifest", 0);
  }

  private static FrameFile create(LogHarness log) throws IOException {
    return create(log, account(log));
  }

  private static FrameFile create(LogHarness log, MemoryBudget.Account account)
      throws IOException {
    FrameFile file = FrameFile.create(log.directory(), NAME, FileKind.MANIFEST, 12345, account);
    log.directory().sync();
    return file;
  }

  @Test
  void recordsComeBack() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      try (FrameFile file = create(log)) {
        file.append(direct(record(0, 10)));
        file.append(direct(record(1, 300_000)));
        file.append(direct(new byte[0]));
        file.mark();
        assertEquals(log.content(NAME).length, file.size());
      }
      assertInstanceOf(WalTail.Clean.class, read(log));
      assertEquals(3, records.size());
      assertArrayEquals(record(0, 10), records.get(0));
      assertArrayEquals(record(1, 300_000), records.get(1));
      assertEquals(0, records.get(2).length);
    }
  }

  /// What failed in another way than the device does between two frames of a record left the first
  /// without the last, and the next record was appended behind it: the file was damaged.
  @Test
  void nothingFollowsARecordThatFailed() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      try (FrameFile file = create(log)) {
        file.append(direct(record(0, 10)));
        MemorySegment gone;
        try (Arena arena = Arena.ofConfined()) {
          gone = arena.allocate(300_000);
        }
        WalFailedException failed =
            assertThrows(WalFailedException.class, () -> file.append(gone));
        assertInstanceOf(IllegalStateException.class, failed.getCause());
        assertThrows(WalFailedException.class, () -> file.append(direct(record(1, 10))));
        assertThrows(WalFailedException.class, file::mark);
      }
      read(log);
      assertEquals(1, records.size());
    }
  }

  @Test
  void tornLastRecordIsDropped() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      try (FrameFile file = create(log)) {
        file.append(direct(record(0, 10)));
        file.append(direct(record(1, 10)));
      }
      log.overwrite(NAME, 2L * BLOCK + 50, new byte[] {77});
      assertInstanceOf(WalTail.Torn.class, read(log));
      assertEquals(1, records.size());
    }
  }

  @Test
  void damageBehindAMarkIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      try (FrameFile file = create(log)) {
        file.append(direct(record(0, 10)));
        file.append(direct(record(1, 10)));
        file.mark();
      }
      log.overwrite(NAME, 2L * BLOCK + 50, new byte[] {77});
      CorruptionException found = assertThrows(CorruptionException.class, () -> read(log));
      assertEquals(NAME, Path.of(found.file()).getFileName().toString());
    }
  }

  /// A manifest took its memory beside the budget, and when it was read up to 64 MiB of it for what a
  /// frame said of its record.
  @Test
  void memoryIsReserved() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      MemoryBudget.Account account = account(log);
      try (FrameFile file = create(log, account)) {
        assertEquals(FrameFile.bytesFor(log.directory().blockSize()), account.reserved());
        file.append(direct(record(0, 900_000)));
        file.mark();
      }
      assertEquals(0, account.reserved());
      // Too little for the window, and for the record beside it.
      for (int limit : new int[] {1 << 19, 1 << 20}) {
        MemoryBudget.Account small = new MemoryBudget(limit).open("manifest", 0);
        assertThrows(
            MemoryLimitException.class,
            () ->
                FrameFile.read(
                    log.directory(), NAME, FileKind.MANIFEST, small, (lsn, end, payload) -> {}));
        assertEquals(0, small.reserved());
      }
      assertInstanceOf(WalTail.Clean.class, read(log));
    }
  }

  /// Reading a manifest of two blocks took 1.25 MiB.
  @Test
  void aShortFileIsReadThroughAShortWindow() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      int block = log.directory().blockSize();
      try (FrameFile file = create(log)) {
        file.append(direct(record(0, 10)));
        assertEquals(2L * block, file.size());
      }
      MemoryBudget.Account exact = new MemoryBudget(2L * block).open("manifest", 0);
      List<Long> read = new ArrayList<>();
      FrameFile.read(
          log.directory(), NAME, FileKind.MANIFEST, exact, (lsn, end, payload) -> read.add(lsn));
      assertEquals(List.of(0L), read);
      assertEquals(0, exact.reserved());
    }
  }

  @Test
  void damagedHeaderIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, WalOptions.defaults())) {
      create(log).close();
      log.overwrite(NAME, 20, new byte[] {77});
      assertThrows(CorruptionException.class, () -> read(log));
      assertThrows(
          CorruptionException.class,
          () ->
              FrameFile.read(
                  log.directory(),
                  NAME,
                  FileKind.SSTABLE,
                  account(log),
                  (lsn, end, payload) -> {}));
    }
  }
}
