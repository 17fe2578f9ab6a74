package dev.iobus.bench.workload;

import dev.iobus.bench.measure.MismatchException;
import java.nio.ByteOrder;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Numbered records: keys in the order of their numbers, and values that say which record and which
/// version of it they are, so that a wrong answer is noticed however fast it comes. Immutable.
///
/// A key is the number in decimal digits with zeros in front. A value begins with the number and the
/// version; the rest is cut from a pool that compresses to about the wished share, at a place that
/// number and version decide.
///
/// ```
/// value: number (8 bytes, little-endian) | version (4 bytes, little-endian) | filler
/// ```
public final class Records {

  /// The least length of a value, in bytes.
  public static final int VALUE_LENGTH_MIN = 12;

  /// The least length of a key, in bytes.
  public static final int KEY_LENGTH_MIN = 4;

  private static final int POOL_BITS = 20;
  private static final int PIECE_LENGTH = 100;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final long count;
  private final int keyLength;
  private final int valueLength;
  private final byte[] pool;

  /// @param count how many records a loaded store has, at least 1; more may be inserted
  /// @param keyLength in bytes, from [#KEY_LENGTH_MIN] to 255; enough digits for twice the count
  /// @param valueLength in bytes, at least [#VALUE_LENGTH_MIN]
  /// @param compressibility the share of a value that is left after compression, above 0 up to 1
  /// @param seed of the values' bytes
  public Records(long count, int keyLength, int valueLength, double compressibility, long seed) {
    require(count >= 1, "record count " + count + " is below 1");
    require(
        keyLength >= KEY_LENGTH_MIN && keyLength <= 255,
        "key length " + keyLength + " is not in " + KEY_LENGTH_MIN + " to 255");
    require(
        keyLength >= Long.toString(2 * count).length(),
        "keys of " + keyLength + " bytes hold no number up to twice " + count);
    require(
        valueLength >= VALUE_LENGTH_MIN,
        "value length " + valueLength + " is below " + VALUE_LENGTH_MIN);
    require(
        compressibility > 0 && compressibility <= 1,
        "compressibility " + compressibility + " is not above 0 and up to 1");
    this.count = count;
    this.keyLength = keyLength;
    this.valueLength = valueLength;
    this.pool = pool(valueLength, compressibility, seed);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /// Pieces of random bytes, each repeated to [#PIECE_LENGTH], as in db_bench (leveldb,
  /// `CompressibleString`).
  private static byte[] pool(int valueLength, double compressibility, long seed) {
    byte[] pool = new byte[(1 << POOL_BITS) + valueLength];
    SplittableRandom random = new SplittableRandom(seed);
    byte[] piece = new byte[Math.max(1, (int) (PIECE_LENGTH * compressibility))];
    for (int i = 0; i < pool.length; i += PIECE_LENGTH) {
      random.nextBytes(piece);
      for (int j = i; j < Math.min(i + PIECE_LENGTH, pool.length); j++) {
        pool[j] = piece[(j - i) % piece.length];
      }
    }
    return pool;
  }

  /// How many records a loaded store has; their numbers are 0 to this − 1.
  public long count() {
    return count;
  }

  /// Bytes of a key and a value.
  public int length() {
    return keyLength + valueLength;
  }

  public int keyLength() {
    return keyLength;
  }

  public int valueLength() {
    return valueLength;
  }

  /// The key of record `number`.
  public byte[] key(long number) {
    byte[] key = new byte[keyLength];
    putDigits(key, number);
    return key;
  }

  private void putDigits(byte[] key, long number) {
    long rest = number;
    for (int i = keyLength - 1; i >= 0; i--) {
      key[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  /// A key that no record has, right behind that of record `number`, as in db_bench.
  public byte[] missingKey(long number) {
    byte[] key = new byte[keyLength + 1];
    putDigits(key, number);
    key[keyLength] = '.';
    return key;
  }

  /// The number that a key has.
  ///
  /// @throws MismatchException when no record has such a key
  public long numberOf(byte[] key) throws MismatchException {
    long number = 0;
    for (byte digit : key) {
      if (digit < '0' || digit > '9' || key.length != keyLength) {
        throw new MismatchException("no record has the key " + text(key));
      }
      number = 10 * number + (digit - '0');
    }
    return number;
  }

  /// The value of record `number` in its version `version`.
  public byte[] value(long number, int version) {
    byte[] value = new byte[valueLength];
    int from = place(number, version);
    System.arraycopy(pool, from, value, 0, valueLength);
    LONG.set(value, 0, number);
    INT.set(value, Long.BYTES, version);
    return value;
  }

  /// Checks that `found` is a value of record `number` and returns its version.
  ///
  /// @throws MismatchException when it is the value of another record, cut, or damaged
  public int versionOf(long number, byte[] found) throws MismatchException {
    if (found.length != valueLength) {
      throw new MismatchException(
          "record " + number + ": expected " + valueLength + " bytes, found " + found.length);
    }
    long foundNumber = (long) LONG.get(found, 0);
    if (foundNumber != number) {
      throw new MismatchException("record " + number + ": found record " + foundNumber);
    }
    int version = (int) INT.get(found, Long.BYTES);
    int from = place(number, version) + VALUE_LENGTH_MIN;
    int length = valueLength - VALUE_LENGTH_MIN;
    if (!Arrays.equals(found, VALUE_LENGTH_MIN, valueLength, pool, from, from + length)) {
      throw new MismatchException(
          "record " + number + ", version " + version + ": the value is damaged");
    }
    return version;
  }

  private static int place(long number, int version) {
    return (int) (Scatter.mix(number * 31 + version) >>> (Long.SIZE - POOL_BITS));
  }

  private static String text(byte[] key) {
    return "'" + new String(key, StandardCharsets.ISO_8859_1) + "'";
  }
}
