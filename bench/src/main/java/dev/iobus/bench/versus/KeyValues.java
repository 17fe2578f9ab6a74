package dev.iobus.bench.versus;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Numbered keys of 16 bytes and values of 100 that belong to them. Half of a value is random and
/// half repeats, so that it compresses to about half its size, as in db_bench (leveldb). Immutable.
public final class KeyValues {

  /// Length of a key in bytes.
  public static final int KEY_LENGTH = 16;

  /// Length of a value in bytes.
  public static final int VALUE_LENGTH = 100;

  private static final int POOL_LENGTH = 1 << 20;
  private static final int DIGITS = 10;

  private final int count;
  private final byte[] pool = new byte[POOL_LENGTH + VALUE_LENGTH];

  /// @param count how many keys, at least 1
  public KeyValues(int count) {
    this.count = count;
    SplittableRandom random = new SplittableRandom(count);
    byte[] piece = new byte[VALUE_LENGTH / 2];
    for (int i = 0; i < pool.length; i += VALUE_LENGTH) {
      random.nextBytes(piece);
      for (int j = i; j < Math.min(i + VALUE_LENGTH, pool.length); j++) {
        pool[j] = piece[j % piece.length];
      }
    }
  }

  public int count() {
    return count;
  }

  /// Key `index` in the order of the keys: zeros and its decimal digits.
  ///
  /// @param index 0 to `count` − 1
  public byte[] key(int index) {
    byte[] key = new byte[KEY_LENGTH];
    Arrays.fill(key, (byte) '0');
    int rest = index;
    for (int i = KEY_LENGTH - 1; i >= KEY_LENGTH - DIGITS; i--) {
      key[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return key;
  }

  /// The value of key `index`.
  public byte[] value(int index) {
    int at = place(index);
    return Arrays.copyOfRange(pool, at, at + VALUE_LENGTH);
  }

  /// Whether `found` is the value of key `index`.
  public boolean isValue(int index, byte @Nullable [] found) {
    int at = place(index);
    return found != null
        && Arrays.equals(found, 0, found.length, pool, at, at + VALUE_LENGTH);
  }

  private int place(int index) {
    return (int) ((index * 0x9e3779b97f4a7c15L) >>> (Long.SIZE - 20));
  }
}
