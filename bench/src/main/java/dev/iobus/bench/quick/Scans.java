package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Compares what a walk meets with what the model expects there. Stateless.
final class Scans {

  private Scans() {}

  /// Checks an entry against entry `index` and returns its length, key and value.
  static long check(Model model, int index, byte[] key, byte[] value) throws MismatchException {
    byte[] expected = model.input().key(index);
    if (!Arrays.equals(expected, key)) {
      throw new MismatchException("scan: expected " + text(expected) + ", found " + text(key));
    }
    model.check(index, value);
    return (long) key.length + value.length;
  }

  /// Checks that a key lies outside of the entries `begin` to `end` − 1.
  static void checkOutside(Model model, int begin, int end, byte[] key) throws MismatchException {
    int index = model.input().lowerBound(key);
    boolean known =
        index < model.input().count() && Arrays.equals(model.input().key(index), key);
    if (known && index >= begin && index < end) {
      throw new MismatchException("scan: expected the end, found " + text(key));
    }
  }

  /// Checks that the model is at its end where the walk is.
  static void checkEnd(Model model, int index, boolean inBounds) throws MismatchException {
    if (inBounds) {
      throw new MismatchException("scan: expected " + model.input().name(index) + ", found the end");
    }
  }

  /// Checks that a walk may meet an entry more.
  static void checkInside(byte[] key, boolean inBounds) throws MismatchException {
    if (!inBounds) {
      throw new MismatchException("scan: expected the end, found " + text(key));
    }
  }

  private static String text(byte[] key) {
    return new String(key, StandardCharsets.UTF_8);
  }
}
