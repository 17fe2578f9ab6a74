package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.kv.Cursor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Compares what a cursor stands on with what the model expects there. Stateless.
final class Scans {

  private Scans() {}

  /// Checks the cursor's entry against entry `index` and returns its length, key and value.
  ///
  /// @param inBounds whether the model has an entry left
  static long check(Model model, int index, boolean inBounds, Cursor cursor)
      throws MismatchException {
    byte[] key = cursor.key();
    if (!inBounds) {
      throw new MismatchException("scan: expected the end, found " + text(key));
    }
    byte[] expected = model.input().key(index);
    if (!Arrays.equals(expected, key)) {
      throw new MismatchException("scan: expected " + text(expected) + ", found " + text(key));
    }
    byte[] value = cursor.value();
    model.check(index, value);
    return key.length + value.length;
  }

  /// Checks that the model is at its end where the cursor is.
  static void checkEnd(Model model, int index, boolean inBounds) throws MismatchException {
    if (inBounds) {
      throw new MismatchException("scan: expected " + model.input().name(index) + ", found the end");
    }
  }

  private static String text(byte[] key) {
    return new String(key, StandardCharsets.UTF_8);
  }
}
