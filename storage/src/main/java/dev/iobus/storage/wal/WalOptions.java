package dev.iobus.storage.wal;

import java.util.Objects;

/// Settings of a [Wal]. Immutable.
///
/// Affect behaviour:
///
/// @param namePrefix first part of the names of the log's files, lower-case letters and digits;
///     default `wal`. Files are called prefix, `-`, six digits.
/// @param durability what most appends will ask for; default `SYNCED`. It decides how the files
///     are written (direct where that is possible for `SYNCED`, else through the page cache);
///     every append may ask for any durability all the same.
///
/// Affect performance:
///
/// @param firstSegmentBytes size of the first segment; a power of two from 64 KiB to 1 GiB;
///     default 1 MiB
/// @param maxSegmentBytes size up to which segments double; a power of two, at least
///     `firstSegmentBytes`; default 64 MiB
/// @param groupBufferBytes the most that is written at once, 16 KiB to 1 MiB; default 512 KiB.
///     The log holds three such buffers. Less where the first segment could not hold two of them.
/// @param retainBytes how much of the log stays readable below what was released, for a
///     [WalReader] that lags behind, while the log is open; in bytes, rounded to whole segments;
///     default 0
public record WalOptions(
    String namePrefix,
    Durability durability,
    long firstSegmentBytes,
    long maxSegmentBytes,
    int groupBufferBytes,
    long retainBytes) {

  private static final WalOptions DEFAULTS =
      new WalOptions("wal", Durability.SYNCED, 1 << 20, 64 << 20, 512 << 10, 0);

  private static final long LEAST_SEGMENT_BYTES = 64 << 10;
  private static final long MOST_SEGMENT_BYTES = 1 << 30;
  private static final int LEAST_BUFFER_BYTES = 16 << 10;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException when a name or a number is out of its range
  public WalOptions {
    Objects.requireNonNull(durability, "durability");
    if (!namePrefix.matches("[a-z0-9]{1,32}")) {
      throw new IllegalArgumentException(
          "namePrefix '" + namePrefix + "' is not 1 to 32 of a-z and 0-9");
    }
    checkSegment("firstSegmentBytes", firstSegmentBytes);
    checkSegment("maxSegmentBytes", maxSegmentBytes);
    if (firstSegmentBytes > maxSegmentBytes) {
      throw new IllegalArgumentException(
          "firstSegmentBytes " + firstSegmentBytes + " exceeds maxSegmentBytes " + maxSegmentBytes);
    }
    if (groupBufferBytes < LEAST_BUFFER_BYTES || groupBufferBytes > WalFormat.MAX_GROUP_BYTES) {
      throw new IllegalArgumentException(
          "groupBufferBytes %d is not in %d to %d"
              .formatted(groupBufferBytes, LEAST_BUFFER_BYTES, WalFormat.MAX_GROUP_BYTES));
    }
    if (retainBytes < 0) {
      throw new IllegalArgumentException("retainBytes " + retainBytes + " is negative");
    }
  }

  private static void checkSegment(String name, long bytes) {
    if (Long.bitCount(bytes) != 1 || bytes < LEAST_SEGMENT_BYTES || bytes > MOST_SEGMENT_BYTES) {
      throw new IllegalArgumentException(
          "%s %d is not a power of two in %d to %d"
              .formatted(name, bytes, LEAST_SEGMENT_BYTES, MOST_SEGMENT_BYTES));
    }
  }

  /// Good for most: see the default of each component.
  public static WalOptions defaults() {
    return DEFAULTS;
  }

  /// These options with another first part of the names of files, 1 to 32 of a to z and 0 to 9.
  public WalOptions withNamePrefix(String namePrefix) {
    return new WalOptions(
        namePrefix, durability, firstSegmentBytes, maxSegmentBytes, groupBufferBytes, retainBytes);
  }

  /// These options with what most appends will ask for.
  public WalOptions withDurability(Durability durability) {
    return new WalOptions(
        namePrefix, durability, firstSegmentBytes, maxSegmentBytes, groupBufferBytes, retainBytes);
  }

  /// These options with other sizes of the first and of the largest segment, powers of two from 64 KiB
  /// to 1 GiB.
  public WalOptions withSegmentBytes(long first, long max) {
    return new WalOptions(namePrefix, durability, first, max, groupBufferBytes, retainBytes);
  }

  /// These options with so many bytes written at once at most, 16 KiB to 1 MiB.
  public WalOptions withGroupBufferBytes(int groupBufferBytes) {
    return new WalOptions(
        namePrefix, durability, firstSegmentBytes, maxSegmentBytes, groupBufferBytes, retainBytes);
  }

  /// These options with so many bytes of what was released kept readable, from 0 on.
  public WalOptions withRetainBytes(long retainBytes) {
    return new WalOptions(
        namePrefix, durability, firstSegmentBytes, maxSegmentBytes, groupBufferBytes, retainBytes);
  }

  /// Bytes of a group on a device with that block size: whole blocks, and at most half of what the
  /// first segment holds, so that little of a segment is left over.
  int groupBytes(int blockSize) {
    long half = (firstSegmentBytes - blockSize) / 2;
    long bytes = Math.min(groupBufferBytes, half) & -(long) blockSize;
    if (bytes <= 0) {
      throw new IllegalArgumentException(
          "segments of %d bytes are too small for blocks of %d bytes"
              .formatted(firstSegmentBytes, blockSize));
    }
    return (int) bytes;
  }
}
