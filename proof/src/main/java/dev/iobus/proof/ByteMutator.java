package dev.iobus.proof;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Changes bytes as damage and malice would: single bits, numbers at their limits, pieces that are
/// left out, said twice or brought from elsewhere. Knows nothing of what is covered; the same seed
/// gives the same bytes. Confined to one thread.
final class ByteMutator {

  private static final long[] NUMBERS = {
    0, 1, 2, 7, 8, 15, 16, 127, 128, 255, 4095, 4096, 65_535, 65_536, 1 << 20, 64 << 20,
    Integer.MAX_VALUE, Integer.MIN_VALUE, 0xffff_ffffL, 1L << 56, Long.MAX_VALUE, Long.MIN_VALUE, -1
  };

  private final SplittableRandom random;
  private final List<byte[]> corpus;

  ByteMutator(long seed, List<byte[]> corpus) {
    this.random = new SplittableRandom(seed);
    this.corpus = List.copyOf(corpus);
  }

  /// One of the corpus with a few changes.
  byte[] next() {
    byte[] bytes = corpus.get(random.nextInt(corpus.size())).clone();
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      bytes = bytes.length == 0 ? new byte[] {(byte) random.nextInt()} : change(bytes);
    }
    return bytes;
  }

  private byte[] change(byte[] bytes) {
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(8)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2, 3, 4 -> putNumber(bytes, at);
      case 5 -> {
        return without(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(16)));
      }
      case 6 -> {
        return Arrays.copyOf(bytes, at);
      }
      default -> {
        byte[] other = corpus.get(random.nextInt(corpus.size()));
        int from = random.nextInt(other.length + 1);
        return spliced(bytes, at, other, from, from + random.nextInt(other.length - from + 1));
      }
    }
    return bytes;
  }

  /// A number of 1, 2, 4 or 8 bytes at its limits, or a little more or less than it was.
  private void putNumber(byte[] bytes, int at) {
    int width = 1 << random.nextInt(4);
    long number = NUMBERS[random.nextInt(NUMBERS.length)];
    if (random.nextBoolean()) {
      number = random.nextInt(-8, 9);
      for (int i = 0; i < width && at + i < bytes.length; i++) {
        number += (bytes[at + i] & 0xffL) << (8 * i);
      }
    }
    for (int i = 0; i < width && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (number >>> (8 * i));
    }
  }

  private static byte[] without(byte[] bytes, int from, int to) {
    byte[] less = Arrays.copyOf(bytes, bytes.length - (to - from));
    System.arraycopy(bytes, to, less, from, bytes.length - to);
    return less;
  }

  private static byte[] spliced(byte[] bytes, int at, byte[] other, int from, int to) {
    byte[] more = Arrays.copyOf(bytes, bytes.length + (to - from));
    System.arraycopy(bytes, at, more, at + (to - from), bytes.length - at);
    System.arraycopy(other, from, more, at, to - from);
    return more;
  }
}
