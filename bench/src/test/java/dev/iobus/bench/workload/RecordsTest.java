package dev.iobus.bench.workload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.MismatchException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;

final class RecordsTest {

  private final Records records = new Records(1_000, 16, 100, 0.5, 1);

  @Test
  void keysAreInTheOrderOfTheirNumbers() throws Exception {
    for (int i = 1; i < 2_000; i++) {
      assertTrue(Arrays.compareUnsigned(records.key(i - 1), records.key(i)) < 0);
      assertTrue(Arrays.compareUnsigned(records.key(i - 1), records.missingKey(i - 1)) < 0);
      assertTrue(Arrays.compareUnsigned(records.missingKey(i - 1), records.key(i)) < 0);
      assertEquals(i, records.numberOf(records.key(i)));
    }
    assertArrayEquals(
        "0000000000000042".getBytes(StandardCharsets.US_ASCII), records.key(42));
  }

  @Test
  void valuesTellRecordAndVersion() throws Exception {
    assertEquals(3, records.versionOf(7, records.value(7, 3)));
    assertEquals(1, records.versionOf(999, records.value(999, 1)));
  }

  @Test
  void everyChangedByteIsNoticed() {
    for (int i = 0; i < records.valueLength(); i++) {
      byte[] value = records.value(7, 3);
      value[i] ^= 1;
      int changed = i;
      assertThrows(
          MismatchException.class, () -> records.versionOf(7, value), "byte " + changed);
    }
  }

  @Test
  void otherRecordsAndCutValuesAreNoticed() {
    assertThrows(MismatchException.class, () -> records.versionOf(8, records.value(7, 3)));
    assertThrows(
        MismatchException.class, () -> records.versionOf(7, Arrays.copyOf(records.value(7, 3), 99)));
    assertThrows(MismatchException.class, () -> records.numberOf(new byte[16]));
    assertThrows(MismatchException.class, () -> records.numberOf(records.missingKey(7)));
  }

  @Test
  void valuesCompressAsWished() {
    for (double share : new double[] {0.25, 0.5, 1}) {
      Records wished = new Records(1_000, 16, 1_000, share, 1);
      Deflater deflater = new Deflater();
      deflater.setInput(wished.value(7, 1));
      deflater.finish();
      int length = deflater.deflate(new byte[4_000]);
      deflater.end();
      assertEquals(share, length / 1_000.0, 0.1, "share " + share);
    }
  }

  @Test
  void wrongShapesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Records(0, 16, 100, 0.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new Records(1_000, 3, 100, 0.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new Records(100_000, 5, 100, 0.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new Records(1_000, 16, 11, 0.5, 1));
    assertThrows(IllegalArgumentException.class, () -> new Records(1_000, 16, 100, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Records(1_000, 16, 100, 1.1, 1));
  }
}
