package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Files that version 1 of the formats wrote: every later version reads them. And those of a
/// version that this one does not know, which it refuses by saying so.
///
/// The golden log holds records 0 to 9 of `i * 300` bytes, record 10 of 40,000 bytes in three
/// parts, and record 11 of 10 bytes; it was closed. The golden manifest holds records 0 and 1 of 10
/// and 70,000 bytes and a mark.
@Timeout(60)
class GoldenLogTest {

  private static final String SEGMENT = "wal-000001";
  private static final String MANIFEST = "manifest-000001";

  @TempDir Path path;

  static int length(int number) {
    return number == 10 ? 40_000 : number == 11 ? 10 : number * 300;
  }

  private static byte[] golden(String name) throws IOException {
    try (InputStream file = GoldenLogTest.class.getResourceAsStream("golden/" + name + ".gz")) {
      assertTrue(file != null, "no golden file " + name);
      return new GZIPInputStream(file).readAllBytes();
    }
  }

  @Test
  void segmentIsRead() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Files.write(path.resolve(SEGMENT), golden(SEGMENT));
      Wal wal = log.open();
      assertInstanceOf(WalTail.Clean.class, wal.recovered());
      assertEquals(12, log.recovered.size());
      for (int i = 0; i < 12; i++) {
        assertArrayEquals(record(i, length(i)), log.recovered.get(i));
      }
    }
  }

  @Test
  void manifestIsRead() throws IOException {
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Files.write(path.resolve(MANIFEST), golden(MANIFEST));
      List<byte[]> records = new ArrayList<>();
      WalTail tail =
          FrameFile.read(
              log.directory(),
              MANIFEST,
              FileKind.MANIFEST,
              log.budget().open("manifest", 0),
              (lsn, end, payload) -> records.add(payload.toArray(JAVA_BYTE)));
      assertInstanceOf(WalTail.Clean.class, tail);
      assertEquals(2, records.size());
      assertArrayEquals(record(0, 10), records.get(0));
      assertArrayEquals(record(1, 70_000), records.get(1));
    }
  }

  @Test
  void newerSegmentIsRefused() throws IOException {
    byte[] bytes = golden(SEGMENT);
    raiseVersion(bytes, FileKind.WAL_SEGMENT);
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Files.write(path.resolve(SEGMENT), bytes);
      FormatVersionException refused = assertThrows(FormatVersionException.class, log::open);
      assertMessage(refused, SEGMENT, "WAL_SEGMENT format version 2");
      assertArrayEquals(bytes, log.content(SEGMENT), "nothing was changed");
    }
  }

  @Test
  void newerManifestIsRefused() throws IOException {
    byte[] bytes = golden(MANIFEST);
    raiseVersion(bytes, FileKind.MANIFEST);
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Files.write(path.resolve(MANIFEST), bytes);
      assertMessage(
          assertThrows(
              FormatVersionException.class,
              () ->
                  FrameFile.read(
                      log.directory(),
                      MANIFEST,
                      FileKind.MANIFEST,
                      log.budget().open("manifest", 0),
                      (lsn, end, payload) -> {})),
          MANIFEST,
          "MANIFEST format version 2");
    }
  }

  @Test
  void newerFrameIsRefusedAndNotTakenForATornTail() throws IOException {
    byte[] bytes = golden(SEGMENT);
    MemorySegment segment = MemorySegment.ofArray(bytes);
    int frame = 4096;
    segment.set(JAVA_BYTE, frame + WalFormat.TYPE, (byte) 6);
    long length = WalFormat.frameBytes(segment.get(WalFormat.INT, frame + WalFormat.PAYLOAD_LENGTH));
    segment.set(
        WalFormat.INT, frame + WalFormat.CRC, WalFormat.checksum(segment, frame, length));
    try (LogHarness log = new LogHarness(path, LogHarness.TINY)) {
      Files.write(path.resolve(SEGMENT), bytes);
      assertMessage(
          assertThrows(FormatVersionException.class, log::open), SEGMENT, "frame type 6");
    }
  }

  private static void assertMessage(FormatVersionException refused, String file, String what) {
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.contains(file), message);
    assertTrue(message.contains(what), message);
    assertTrue(message.contains("open it with the iobus release that wrote it"), message);
  }

  private static void raiseVersion(byte[] bytes, FileKind kind) throws IOException {
    MemorySegment page = MemorySegment.ofArray(bytes);
    FileHeader header = FileHeader.read(page, "golden", kind, 1);
    new FileHeader(kind, header.version() + 1, header.fileId()).write(page);
  }
}
