package dev.iobus.storage.file;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FileHeaderTest {

  private static final FileHeader HEADER =
      new FileHeader(FileKind.SSTABLE, 1, 0x1122334455667788L);

  private static final String GOLDEN =
      "89696f6275730d0a" // magic
          + "03000000" // kind
          + "01000000" // version
          + "8877665544332211" // file id
          + "00".repeat(36)
          + "49f3aed8"; // CRC-32C of (file id, 0) and the 60 bytes before

  private static MemorySegment written(FileHeader header) {
    MemorySegment page = MemorySegment.ofArray(new byte[64]);
    page.fill((byte) 0xee);
    header.write(page);
    return page;
  }

  @Test
  void bytesAreThoseOfTheFirstRelease() {
    assertEquals(
        GOLDEN, HexFormat.of().formatHex(written(HEADER).toArray(ValueLayout.JAVA_BYTE)));
  }

  @Test
  void comesBackAsWritten() throws Exception {
    MemorySegment page = MemorySegment.ofArray(HexFormat.of().parseHex(GOLDEN));
    assertEquals(HEADER, FileHeader.read(page, "t", FileKind.SSTABLE, 1));
  }

  @Test
  void everyFlippedBitIsCorruption() {
    for (int bit = 0; bit < 64 * 8; bit++) {
      MemorySegment page = written(HEADER);
      byte was = page.get(ValueLayout.JAVA_BYTE, bit / 8);
      page.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (was ^ 1 << bit % 8));
      CorruptionException e =
          assertThrows(
              CorruptionException.class,
              () -> FileHeader.read(page, "dir/file", FileKind.SSTABLE, 1),
              "bit " + bit);
      assertEquals("dir/file", e.file());
      assertEquals(0, e.offset());
    }
  }

  @Test
  void newerVersionSaysWhatToDo() {
    MemorySegment page = written(new FileHeader(FileKind.MANIFEST, 7, 5));
    FormatVersionException e =
        assertThrows(
            FormatVersionException.class,
            () -> FileHeader.read(page, "dir/manifest", FileKind.MANIFEST, 6));
    String message = requireNonNull(e.getMessage());
    assertTrue(message.contains("version 7"), message);
    assertTrue(message.contains("reads 1 to 6"), message);
    assertTrue(message.contains("newer"), message);
  }

  @Test
  void anotherKindIsCorruption() {
    MemorySegment page = written(HEADER);
    CorruptionException e =
        assertThrows(
            CorruptionException.class, () -> FileHeader.read(page, "f", FileKind.MANIFEST, 1));
    String message = requireNonNull(e.getMessage());
    assertTrue(message.contains("file kind 3, expected 2 MANIFEST"), message);
  }

  @Test
  void shortFileIsCorruption() {
    MemorySegment page = written(HEADER).asSlice(0, 63);
    assertThrows(
        CorruptionException.class, () -> FileHeader.read(page, "f", FileKind.SSTABLE, 1));
  }

  @Test
  void kindsKeepTheirNumbers() {
    int[] codes = Arrays.stream(FileKind.values()).mapToInt(FileKind::code).toArray();
    assertArrayEquals(new int[] {1, 2, 3, 4}, codes);
  }
}
