package dev.iobus.kv.simulation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/// The keys of a simulation, and what a batch writes under one: bytes that tell the batch, so that a
/// value which nobody wrote is found out. Stateless.
final class Entries {

  /// Keys are numbered from 0, in their order.
  static final int KEYS = 12;

  /// More than one client are so many; the keys divide by it.
  static final int CLIENTS = 3;

  /// A value tells at least the batch and the key.
  static final int SIZE_MIN = 8;

  /// Bytes of a value that are the same, and of those that are not, in turn.
  private static final int RUN = 64;

  private static final byte[][] BYTES = new byte[KEYS][];

  static {
    for (int key = 0; key < KEYS; key++) {
      // The empty key comes first; one is long.
      String text = key == 0 ? "" : "key%02d".formatted(key) + (key == 7 ? "x".repeat(300) : "");
      BYTES[key] = text.getBytes(StandardCharsets.UTF_8);
    }
  }

  private Entries() {}

  /// Not to be changed.
  static byte[] key(int key) {
    return BYTES[key];
  }

  /// The number of a key.
  ///
  /// @throws AssertionError when nobody writes it
  static int keyOf(byte[] bytes) {
    for (int key = 0; key < KEYS; key++) {
      if (Arrays.equals(BYTES[key], bytes)) {
        return key;
      }
    }
    throw new AssertionError("nobody wrote a key of " + bytes.length + " bytes");
  }

  /// The key of a client that stands for any key.
  static int own(int key, int client, int clients) {
    return key - key % clients + client;
  }

  /// What batch `number` writes under a key.
  static byte[] value(int number, int key, int size) {
    byte[] value = new byte[size];
    new SplittableRandom(number * 31L + key).nextBytes(value);
    // Half of it is easy to compress.
    for (int i = 0; i < size; i += 2 * RUN) {
      Arrays.fill(value, i, Math.min(i + RUN, size), (byte) number);
    }
    ByteBuffer.wrap(value).putInt(number).putInt(key);
    return value;
  }

  /// The batch that wrote a value.
  static int numberOf(byte[] value) {
    return value.length < SIZE_MIN ? 0 : ByteBuffer.wrap(value).getInt();
  }
}
