package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.iobus.storage.file.FileKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Golden bytes: what is on disks already does not change.
class WalFormatTest {

  @Test
  void frameBytes() {
    byte[] bytes = new byte[64];
    // What an earlier group left in the memory does not get into a frame.
    Arrays.fill(bytes, (byte) 0xee);
    MemorySegment group = MemorySegment.ofArray(bytes);
    group.set(WalFormat.INT, 48, 0x04030201);
    group.set(ValueLayout.JAVA_BYTE, 52, (byte) 5);
    WalFormat.seal(group, 0, FrameType.FULL, 5, 5, 16, 0x1122334455667788L, 4096, 80);
    HexFormat hex = HexFormat.of();
    assertEquals("e391a7c5", hex.formatHex(bytes, 0, 4), "magic");
    assertEquals(
        "01000000" // type
            + "05000000" // payload length
            + "05000000" // record length
            + "10000000" // padding
            + "8877665544332211" // segment id
            + "0010000000000000" // LSN
            + "5000000000000000" // durable mark
            + "0102030405000000", // payload and padding
        hex.formatHex(bytes, 8, 56));
    assertEquals("eeeeeeeeeeeeeeee", hex.formatHex(bytes, 56, 64), "behind the frame");
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(bytes, 8, 48);
    assertEquals((int) crc.getValue(), group.get(WalFormat.INT, 4));
    assertEquals(56, WalFormat.frameBytes(5));
    assertEquals(48, WalFormat.frameBytes(0));
  }

  @Test
  void restOfABlockIsZeroWhateverTheBufferHeld() {
    MemorySegment memory = MemorySegment.ofArray(new byte[8192]);
    GroupBuffer buffer = new GroupBuffer(memory);
    memory.asSlice(0, 6000).fill((byte) 0xee);
    assertZeroBehind(6000, buffer.padded(6000, 8192));
    memory.asSlice(0, 104).fill((byte) 0xdd);
    assertZeroBehind(104, buffer.padded(104, 4096));
    memory.asSlice(0, 4096).fill((byte) 0xcc);
    assertZeroBehind(4096, buffer.padded(4096, 8192));
    // A record that could not be put wholly: none of it counts, some of it is there.
    memory.asSlice(0, 3000).fill((byte) 0xbb);
    buffer.soiled(6500);
    memory.asSlice(3000, 3500).fill((byte) 0xaa);
    assertZeroBehind(3000, buffer.padded(3000, 8192));
  }

  private static void assertZeroBehind(long used, MemorySegment blocks) {
    byte[] zeros = new byte[(int) (blocks.byteSize() - used)];
    assertEquals(-1, blocks.asSlice(used).mismatch(MemorySegment.ofArray(zeros)));
  }

  @Test
  void typeNumbersNeverChange() {
    assertEquals(1, FrameType.FULL.code());
    assertEquals(2, FrameType.FIRST.code());
    assertEquals(3, FrameType.MIDDLE.code());
    assertEquals(4, FrameType.LAST.code());
    assertEquals(5, FrameType.MARK.code());
    for (FrameType type : FrameType.values()) {
      assertEquals(type, FrameType.of(type.code()));
    }
    assertNull(FrameType.of((byte) 0));
    assertNull(FrameType.of((byte) 6));
  }

  @Test
  void segmentHeaderBytes() {
    byte[] bytes = new byte[4096];
    MemorySegment block = MemorySegment.ofArray(bytes);
    SegmentHeader header = new SegmentHeader(7, 0xAB, 3, 4096, 4000, 65536, 4096);
    header.write(block, FileKind.WAL_SEGMENT);
    String expected =
        "ab00000000000000" // segment id
            + "0300000000000000" // epoch
            + "0010000000000000" // first LSN
            + "a00f000000000000" // durable mark
            + "0000010000000000" // capacity
            + "00100000" // block size
            + "00000000"
            + "0700000000000000"; // file id
    HexFormat hex = HexFormat.of();
    assertEquals("a6f1d4b8", hex.formatHex(bytes, 64, 68), "magic");
    assertEquals(expected, hex.formatHex(bytes, 72, 128));
    assertEquals(expected, hex.formatHex(bytes, 2056, 2112));
    assertEquals(header, SegmentHeader.read(block, 7));
    assertNull(SegmentHeader.read(block, 8), "another file's header");
    bytes[100] ^= 1;
    assertNull(SegmentHeader.read(block, 7));
    assertNotNull(SegmentHeader.readSecond(block));
  }
}
