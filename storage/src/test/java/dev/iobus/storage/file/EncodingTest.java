package dev.iobus.storage.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class EncodingTest {

  @Test
  void integersAreLittleEndianAtAnyAlignment() {
    MemorySegment segment = MemorySegment.ofArray(new byte[32]);
    Encoding.putLong(segment, 1, 0x0102030405060708L);
    assertEquals(8, Encoding.getByte(segment, 1));
    assertEquals(1, Encoding.getByte(segment, 8));
    Encoding.putInt(segment, 9, 0x80706050);
    assertEquals(0x50, Encoding.getByte(segment, 9));
    assertEquals(0x80706050, Encoding.getInt(segment, 9));
    Encoding.putShort(segment, 13, 0xfffe);
    assertEquals(0xfffe, Encoding.getShort(segment, 13));
    assertEquals(0x0102030405060708L, Encoding.getLong(segment, 1));
  }

  @Property
  void varintsComeBackWithTheirLength(@ForAll @LongRange(min = 0) long value) {
    MemorySegment segment = MemorySegment.ofArray(new byte[12]);
    long end = Encoding.putVarint(segment, 1, value);
    assertEquals(Encoding.varintLength(value), end - 1);
    assertEquals(value, Encoding.getVarint(segment, 1, end));
    assertEquals(Encoding.NO_VARINT, Encoding.getVarint(segment, 1, end - 1), "cut off");
  }

  @Test
  void varintLengthsChangeAtSevenBits() {
    for (int bits = 1; bits <= 63; bits++) {
      long largest = (1L << bits) - 1;
      assertEquals((bits + 6) / 7, Encoding.varintLength(largest), bits + " bits");
    }
    assertEquals(1, Encoding.varintLength(0));
  }

  @Test
  void onlyTheShortestFormIsAVarint() {
    MemorySegment padded = MemorySegment.ofArray(new byte[] {(byte) 0x81, 0x00});
    assertEquals(Encoding.NO_VARINT, Encoding.getVarint(padded, 0, 2));
    byte[] endless = new byte[16];
    java.util.Arrays.fill(endless, (byte) 0xff);
    assertEquals(
        Encoding.NO_VARINT, Encoding.getVarint(MemorySegment.ofArray(endless), 0, 16));
  }

  @Test
  void negativeValuesAreRefused() {
    MemorySegment segment = MemorySegment.ofArray(new byte[12]);
    assertThrows(IllegalArgumentException.class, () -> Encoding.putVarint(segment, 0, -1));
  }
}
