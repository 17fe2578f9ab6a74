package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.append;
import static dev.iobus.storage.wal.LogHarness.number;
import static dev.iobus.storage.wal.LogHarness.record;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Damages the files of a log in every way a test can name, and looks at what recovery says.
@Timeout(60)
class TailRuleTest {

  private static final int BLOCK = 4096;

  @TempDir Path path;

  @Test
  void tornLastGroupIsDropped() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.SYNCED);
      append(wal, record(1, 100), Durability.SYNCED);
      log.crash();
      log.overwrite("wal-000001", 2L * BLOCK + 60, new byte[] {99});
      wal = log.open();
      assertInstanceOf(WalTail.Torn.class, wal.recovered());
      assertEquals(1, log.recovered.size());
    }
  }

  @Test
  void damageBelowTheMarkIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int i = 0; i < 3; i++) {
        append(wal, record(i, 100), Durability.SYNCED);
      }
      log.crash();
      log.overwrite("wal-000001", BLOCK + 60, new byte[] {99});
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertEquals(BLOCK, found.offset());
      assertTrue(found.file().endsWith("wal-000001"), found.file());
    }
  }

  @Test
  void frameThatVanishedFromTheEndOfAGroupIsMissed() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 16));
      append(wal, record(1, 16), Durability.SYNCED);
      append(wal, record(2, 16), Durability.SYNCED);
      log.crash();
      log.overwrite("wal-000001", BLOCK + 64, new byte[64]);
      assertThrows(CorruptionException.class, log::open);
    }
  }

  @Test
  void droppedFramesNeverReturn() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.SYNCED);
      append(wal, record(1, 100), Durability.WRITTEN);
      append(wal, record(2, 100), Durability.WRITTEN);
      log.crash();
      byte[] good = log.content("wal-000001");
      log.overwrite("wal-000001", 2L * BLOCK, new byte[BLOCK]);
      wal = log.open();
      assertEquals(1, log.recovered.size());
      assertEquals(1, ((WalTail.Torn) wal.recovered()).laterFrames());
      append(wal, record(10, 100), Durability.SYNCED);
      log.crash();
      // The lost block comes back, as after a read that failed once.
      log.overwrite("wal-000001", 0, good);
      log.open();
      assertEquals(2, log.recovered.size());
      assertEquals(10, number(log.recovered.get(1)));
    }
  }

  @Test
  void missingSegmentIsCorruption() throws IOException {
    for (String victim : new String[] {"wal-000001", "wal-000002", "wal-000003"}) {
      Path own = Files.createDirectory(path.resolve(victim));
      try (LogHarness log = new LogHarness(own, LogHarness.TINY)) {
        try (Wal wal = log.open()) {
          for (int i = 0; i < 100; i++) {
            append(wal, record(i, 3000), Durability.SYNCED);
          }
        }
        Files.delete(own.resolve(victim));
        assertThrows(CorruptionException.class, log::open, victim);
      }
    }
  }

  @Test
  void flippedBitAfterCloseIsReportedOrHarmless() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      try (Wal wal = log.open()) {
        for (int i = 0; i < 30; i++) {
          append(wal, record(i, i * 100), Durability.SYNCED);
        }
      }
      var before = new java.util.TreeMap<String, byte[]>();
      for (String name : log.segments()) {
        before.put(name, log.content(name));
      }
      int reported = 0;
      java.util.Random random = new java.util.Random(42);
      for (int round = 0; round < 150; round++) {
        String name = "wal-" + String.format("%06d", 1 + random.nextInt(2));
        byte[] good = requireNonNull(before.get(name));
        int at = random.nextInt(round % 3 == 0 ? BLOCK : good.length);
        log.overwrite(name, at, new byte[] {(byte) (good[at] ^ (1 << random.nextInt(8)))});
        try {
          log.open();
          assertEquals(30, log.recovered.size(), name + " at " + at);
          for (int i = 0; i < 30; i++) {
            assertArrayEquals(record(i, i * 100), log.recovered.get(i));
          }
        } catch (CorruptionException expected) {
          reported++;
        }
        log.crash();
        for (String each : log.segments()) {
          if (before.containsKey(each)) {
            log.overwrite(each, 0, before.get(each));
          } else {
            Files.delete(path.resolve(each));
          }
        }
      }
      assertTrue(reported > 50, "reported " + reported);
    }
  }

  @Test
  void lostHeaderOfALiveSegmentIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int i = 0; i < 40; i++) {
        append(wal, record(i, 3000), Durability.SYNCED);
      }
      log.crash();
      log.overwrite("wal-000003", 0, new byte[BLOCK]);
      assertThrows(CorruptionException.class, log::open);
    }
  }

  /// The device had lost the write of a segment's header when it was used, which is on stable storage
  /// before any frame. What stood there before, the header of a slot that was prepared, was whole: the
  /// segment was taken for one without frames, and everything in it was gone without a word.
  @Test
  void lostWriteOfAHeaderIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int i = 0; i < 3; i++) {
        append(wal, record(i, 100), Durability.SYNCED);
      }
      log.crash();
      byte[] content = log.content("wal-000001");
      SegmentHeader used = requireNonNull(SegmentHeader.readSecond(LogHarness.direct(content)));
      log.overwrite(
          "wal-000001", 0,
          header(FileKind.WAL_SEGMENT, used.fileId(), content.length));
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertTrue(found.file().endsWith("wal-000001"), found.file());
      assertEquals(0, found.offset());
    }
  }

  /// The header of a manifest was written over that of a segment. Its second copy was believed, and
  /// no frame had its id: the segment was taken for one without frames.
  @Test
  void headerOfAnotherKindIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      for (int i = 0; i < 3; i++) {
        append(wal, record(i, 100), Durability.SYNCED);
      }
      log.crash();
      int bytes = log.content("wal-000001").length;
      log.overwrite("wal-000001", 0, header(FileKind.MANIFEST, 5, bytes));
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertTrue(found.file().endsWith("wal-000001"), found.file());
    }
  }

  /// The device had lost the header of the first use of a segment. There was the one of its making, of
  /// a segment that was never used, with the id that the frames had, too: so they were taken for
  /// nothing, and a log of eight acknowledged records for one that had none.
  @Test
  void headerOfAFirstUseThatIsLostIsCorruption() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.SYNCED);
      append(wal, record(1, 100), Durability.SYNCED);
      log.crash();
      byte[] content = log.content("wal-000001");
      long id = MemorySegment.ofArray(content).get(WalFormat.LONG, BLOCK + WalFormat.SEGMENT_ID);
      log.overwrite("wal-000001", 0, header(FileKind.WAL_SEGMENT, 5, id, content.length));
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertTrue(found.file().endsWith("wal-000001"), found.file());
    }
  }

  private static byte[] header(FileKind kind, long fileId, long capacity) {
    return header(kind, fileId, 77, capacity);
  }

  private static byte[] header(FileKind kind, long fileId, long segmentId, long capacity) {
    MemorySegment block = MemorySegment.ofArray(new byte[BLOCK]);
    new SegmentHeader(fileId, segmentId, 0, 0, 0, capacity, BLOCK).write(block, kind);
    return block.toArray(ValueLayout.JAVA_BYTE);
  }

  /// A group had been acknowledged while the next one was filled: the first frame of that did not know
  /// it yet, the second did. Only first frames were looked at, and damage to the acknowledged group was
  /// taken for a torn tail.
  @Test
  void laterFrameOfAGroupVouchesForTheGroupBefore() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.SYNCED);
      append(wal, record(1, 100));
      append(wal, record(2, 100), Durability.SYNCED);
      log.crash();
      byte[] content = log.content("wal-000001");
      MemorySegment group = MemorySegment.ofArray(content).asSlice(2L * BLOCK, BLOCK);
      group.set(WalFormat.LONG, WalFormat.DURABLE_MARK, 0);
      long bytes = WalFormat.frameBytes(100);
      group.set(WalFormat.INT, WalFormat.CRC, WalFormat.checksum(group, 0, bytes));
      log.overwrite("wal-000001", 2L * BLOCK, group.toArray(ValueLayout.JAVA_BYTE));
      log.overwrite("wal-000001", BLOCK, new byte[BLOCK]);
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertEquals(BLOCK, found.offset());
    }
  }

  /// A record went from one segment into the next, and a frame of its second part was damaged. The
  /// place that was named lay before the beginning of the file: where the record began.
  @Test
  void damageInARecordOfTwoSegmentsIsNamedWhereItIs() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.SYNCED);
      append(wal, record(1, 150_000), Durability.SYNCED);
      append(wal, record(2, 100), Durability.SYNCED);
      log.crash();
      long at = 6L * BLOCK;
      log.overwrite("wal-000002", at, new byte[BLOCK]);
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertTrue(found.file().endsWith("wal-000002"), found.file());
      assertTrue(found.offset() > 0 && found.offset() <= at, () -> "offset " + found.offset());
    }
  }

  /// A slot was used again whose first frame had been dropped, with a later LSN than the new use
  /// began with. That use had no frame yet when power was lost, and its header was the only one to
  /// know that the last group before it was durable. The header was taken for an older one than the
  /// frame, and its mark was ignored: damage to the acknowledged group was a torn tail.
  @Test
  void headerBeforeADroppedFrameVouchesForTheGroupBefore() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      append(log.open(), record(0, 100), Durability.SYNCED);
      log.crash();
      log.open();
      log.crash();
      log.overwrite("wal-000002", BLOCK, droppedFrame(1 << 20));
      log.overwrite("wal-000001", BLOCK + 60, new byte[] {99});
      CorruptionException found = assertThrows(CorruptionException.class, log::open);
      assertEquals(BLOCK, found.offset());
      assertTrue(found.file().endsWith("wal-000001"), found.file());
    }
  }

  /// The frames that followed in such a slot did not count: a log that had lost the first group of a
  /// segment, behind a mark, said that it had been closed.
  @Test
  void framesBehindADroppedFrameAreATornTail() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      log.open().close();
      Wal wal = log.open();
      String name = log.segments().getLast();
      append(wal, record(1, 100), Durability.WRITTEN);
      append(wal, record(2, 100), Durability.WRITTEN);
      log.crash();
      log.overwrite(name, BLOCK, droppedFrame(1 << 20));
      wal = log.open();
      assertInstanceOf(WalTail.Torn.class, wal.recovered());
      assertEquals(0, log.recovered.size());
    }
  }

  /// Frames that a recovery had dropped lay behind the end of what was logged after it, and counted:
  /// a log that had been closed said that its tail was torn.
  @Test
  void closedLogIsCleanWhateverWasDroppedBefore() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Wal wal = log.open();
      append(wal, record(0, 100), Durability.SYNCED);
      for (int i = 1; i < 6; i++) {
        append(wal, record(i, 100), Durability.WRITTEN);
      }
      log.crash();
      log.overwrite("wal-000001", 2L * BLOCK, new byte[BLOCK]);
      wal = log.open();
      assertEquals(4, ((WalTail.Torn) wal.recovered()).laterFrames());
      append(wal, record(10, 100), Durability.SYNCED);
      wal.close();
      wal = log.open();
      assertInstanceOf(WalTail.Clean.class, wal.recovered());
      assertEquals(2, log.recovered.size());
    }
  }

  /// A frame of a use that recovery has dropped, as it stays where it was.
  private static byte[] droppedFrame(long lsn) {
    MemorySegment frame = MemorySegment.ofArray(new byte[(int) WalFormat.frameBytes(100)]);
    WalFormat.seal(frame, 0, FrameType.FULL, 100, 100, 0, 99, lsn, 0);
    return frame.toArray(ValueLayout.JAVA_BYTE);
  }
}
