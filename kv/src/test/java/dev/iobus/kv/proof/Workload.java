package dev.iobus.kv.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// What each writer of a child does, as a function of nothing but the writer and the operation's
/// number. The child performs the operations, the parent knows them without being told.
///
/// A writer owns the keys that begin with its own prefix, so the numbers of two writers say
/// nothing about each other. Every value carries the number of the operation that wrote it.
///
/// | number mod 8 | operation |
/// |---|---|
/// | 0, 1, 2 | put of one of many keys: inserts and overwrites |
/// | 3 | delete of the key that the operation before has put |
/// | 4 | put, one in eight of them with a value of several pages |
/// | 5, 6 | batch that puts all keys of a group |
/// | 7 | batch that deletes the group of the operation before and puts one key |
///
/// Thread-safe: there is no state.
final class Workload {

  static final int WRITERS = 6;

  private static final int KEYS = 1_500;
  private static final int GROUPS = 100;
  private static final int GROUP_SIZE = 5;
  private static final int LARGE_KEYS = 8;

  private static final int VALUE_HEADER_BYTES = 8 + 8 + 4;
  private static final int VALUE_TRAILER_BYTES = 4;

  private Workload() {}

  /// One key that an operation changes.
  ///
  /// @param value null when the key is deleted
  record Change(String key, byte @Nullable [] value) {

    boolean isDelete() {
      return value == null;
    }
  }

  /// What the operation changes; one change is a single put or delete, several are one batch.
  ///
  /// @param number 1 for the writer's first operation
  static List<Change> operation(int writer, long number) {
    List<Change> changes = new ArrayList<>();
    switch ((int) (number % 8)) {
      case 3 -> changes.add(new Change(key(writer, number - 1), null));
      case 5, 6 -> {
        for (int member = 0; member < GROUP_SIZE; member++) {
          changes.add(put(writer, groupKey(writer, number, member), number));
        }
      }
      case 7 -> {
        for (int member = 0; member < GROUP_SIZE; member++) {
          changes.add(new Change(groupKey(writer, number - 1, member), null));
        }
        changes.add(put(writer, key(writer, number), number));
      }
      case 4 -> changes.add(put(writer, largeOrSmallKey(writer, number), number));
      default -> changes.add(put(writer, key(writer, number), number));
    }
    return changes;
  }

  /// The writer that owns the key, or −1 when no writer does.
  static int writerOf(String key) {
    if (key.length() < 3 || key.charAt(0) != 'w' || key.charAt(2) != '/') {
      return -1;
    }
    int writer = key.charAt(1) - '0';
    return writer >= 0 && writer < WRITERS ? writer : -1;
  }

  /// The number of the operation that wrote the value.
  ///
  /// @throws AssertionError when these bytes were never written to that key
  static long numberOf(String key, byte[] value) {
    ByteBuffer bytes = ByteBuffer.wrap(value);
    if (value.length < VALUE_HEADER_BYTES + VALUE_TRAILER_BYTES) {
      throw new AssertionError("value of " + key + " has only " + value.length + " bytes");
    }
    long writer = bytes.getLong();
    long number = bytes.getLong();
    int length = bytes.getInt();
    if (length != value.length || writer != writerOf(key)) {
      throw new AssertionError(
          "value of " + key + " says writer " + writer + ", length " + length
              + ", but has length " + value.length);
    }
    int found = bytes.getInt(value.length - VALUE_TRAILER_BYTES);
    int expected = checksum(key, value);
    if (found != expected) {
      throw new AssertionError(
          "value of " + key + " from operation " + number + " has checksum "
              + Integer.toHexString(found) + ", expected " + Integer.toHexString(expected));
    }
    return number;
  }

  private static Change put(int writer, String key, long number) {
    return new Change(key, value(writer, key, number));
  }

  private static byte[] value(int writer, String key, long number) {
    long random = mix(writer, number, 2);
    int fill = key.charAt(3) == 'l'
        ? 6_000 + (int) (random & 0x3fff)
        : (int) (random & 0xff);
    byte[] value = new byte[VALUE_HEADER_BYTES + fill + VALUE_TRAILER_BYTES];
    ByteBuffer bytes = ByteBuffer.wrap(value);
    bytes.putLong(writer).putLong(number).putInt(value.length);
    // Every other run of 32 bytes is random: blocks compress, and not to nothing.
    for (int i = 0; i < fill; i++) {
      if ((i & 7) == 0) {
        random = random * 6364136223846793005L + 1442695040888963407L;
      }
      bytes.put((i & 32) == 0 ? (byte) (random >>> (8 * (i & 7))) : (byte) 'v');
    }
    bytes.putInt(checksum(key, value));
    return value;
  }

  private static int checksum(String key, byte[] value) {
    CRC32C crc = new CRC32C();
    crc.update(key.getBytes(UTF_8));
    crc.update(value, 0, value.length - VALUE_TRAILER_BYTES);
    return (int) crc.getValue();
  }

  private static String key(int writer, long number) {
    return "w" + writer + "/k" + (10_000 + (mix(writer, number, 1) >>> 1) % KEYS);
  }

  private static String largeOrSmallKey(int writer, long number) {
    long random = mix(writer, number, 3);
    return (random & 7) == 0
        ? "w" + writer + "/l" + (random >>> 3) % LARGE_KEYS
        : key(writer, number);
  }

  private static String groupKey(int writer, long number, int member) {
    long group = 100 + (mix(writer, number, 4) >>> 1) % GROUPS;
    return "w" + writer + "/g" + group + "/" + member;
  }

  /// SplitMix64's finaliser over the three numbers.
  private static long mix(int writer, long number, int purpose) {
    long z = number * 0x9e3779b97f4a7c15L + writer * 0xd1b54a32d192ed03L + purpose;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
