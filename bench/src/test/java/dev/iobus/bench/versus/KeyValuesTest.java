package dev.iobus.bench.versus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class KeyValuesTest {

  private final KeyValues data = new KeyValues(1_000);

  @Test
  void keysAreInOrder() {
    for (int i = 1; i < data.count(); i++) {
      assertEquals(KeyValues.KEY_LENGTH, data.key(i).length);
      assertTrue(Arrays.compareUnsigned(data.key(i - 1), data.key(i)) < 0);
    }
  }

  @Test
  void onlyTheOwnValueIsRight() {
    for (int i = 0; i < data.count(); i++) {
      byte[] value = data.value(i);
      assertEquals(KeyValues.VALUE_LENGTH, value.length);
      assertTrue(data.isValue(i, value));
      assertFalse(data.isValue((i + 1) % data.count(), value));
      assertFalse(data.isValue(i, null));
      value[99] ^= 1;
      assertFalse(data.isValue(i, value));
    }
  }
}
