package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FrameSizesTest {

  @Test
  void everyLengthGetsTheSmallestClassThatHoldsIt() {
    for (int length = 0; length <= FrameSizes.CAPACITY_MAX; length++) {
      int sizeClass = FrameSizes.classOf(length);
      assertTrue(FrameSizes.capacity(sizeClass) >= length, "length " + length);
      if (sizeClass > 0) {
        assertTrue(FrameSizes.capacity(sizeClass - 1) < length, "length " + length);
      }
    }
  }

  @Test
  void capacitiesAreThoseOfTheDesign() {
    int[] kib = {
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96,
      112, 128, 160, 192, 224, 256
    };
    assertEquals(kib.length, FrameSizes.COUNT);
    for (int i = 0; i < kib.length; i++) {
      assertEquals(kib[i] << 10, FrameSizes.capacity(i));
    }
  }
}
