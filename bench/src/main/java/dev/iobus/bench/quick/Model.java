package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What the store must answer: for each input key its own value, the value of another key, or
/// nothing. Changes and checks of different keys may come from different threads; a phase either
/// changes or checks.
final class Model {

  private static final int DELETED = -1;

  private final JdkClasses input;
  /// For each key the index of the entry whose value it has.
  private final int[] source;

  /// A model in which every key has its own value.
  Model(JdkClasses input) {
    this.input = input;
    this.source = new int[input.count()];
    Arrays.setAll(source, i -> i);
  }

  JdkClasses input() {
    return input;
  }

  boolean isLive(int index) {
    return source[index] != DELETED;
  }

  /// The value that key `index` must have; null when it must be absent.
  byte @Nullable [] expected(int index) {
    return isLive(index) ? input.value(source[index]) : null;
  }

  /// Key `index` now has the value of entry `other`.
  void overwrite(int index, int other) {
    source[index] = other;
  }

  void delete(int index) {
    source[index] = DELETED;
  }

  int liveCount() {
    int count = 0;
    for (int s : source) {
      if (s != DELETED) {
        count++;
      }
    }
    return count;
  }

  /// Live keys and their values together.
  long liveBytes() {
    long sum = 0;
    for (int i = 0; i < source.length; i++) {
      byte[] value = expected(i);
      if (value != null) {
        sum += input.key(i).length + value.length;
      }
    }
    return sum;
  }

  /// The first live key at or after `index`; the input's count when there is none.
  int nextLive(int index) {
    int i = index;
    while (i < source.length && !isLive(i)) {
      i++;
    }
    return i;
  }

  /// The last live key at or before `index`; −1 when there is none.
  int previousLive(int index) {
    int i = index;
    while (i >= 0 && !isLive(i)) {
      i--;
    }
    return i;
  }

  /// Compares an answer of the store with what key `index` must have.
  ///
  /// @param found the answer, null for "absent"
  /// @throws MismatchException when they differ
  void check(int index, byte @Nullable [] found) throws MismatchException {
    byte[] expected = expected(index);
    if (!Arrays.equals(expected, found)) {
      throw new MismatchException(
          input.name(index) + ": expected " + describe(expected) + ", found " + describe(found));
    }
  }

  private static String describe(byte @Nullable [] value) {
    return value == null
        ? "nothing"
        : value.length + " bytes (hash " + Integer.toHexString(Arrays.hashCode(value)) + ")";
  }
}
