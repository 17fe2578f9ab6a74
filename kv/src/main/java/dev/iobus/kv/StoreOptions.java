package dev.iobus.kv;

import dev.iobus.BackendKind;
import dev.iobus.Scheduler;
import dev.iobus.storage.wal.Durability;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Settings of a [Store]. Immutable. Start from [#defaults()].
///
/// @param durability when a write without a durability of its own is acknowledged; default
///     [Durability#SYNCED]
/// @param memoryBytes the one budget for memtables, cached blocks, indexes and buffers, in bytes;
///     at least [#MEMORY_BYTES_MIN], default 512 MiB. What is not needed is not taken. A batch may
///     take an eighth of it, and the indexes of all tables must fit, with those that a compaction
///     makes: about 9 MiB for each GiB of tables with short keys, 17 with keys of 100 bytes that
///     begin alike. Where filters do not fit too, 1.25 bytes a key, tables are read without. What
///     they take is in [StoreStats#indexBytes()]; a flush or a compaction that finds no memory for
///     its index is tried again for as long as the store is open, and writers are slowed meanwhile,
///     and refused after half a minute without a flush
/// @param backend the one kernel interface to use, or null (default) for the best that this host
///     allows
/// @param compression whether blocks of tables are compressed with LZ4; default true
/// @param memtableBytes what one memtable holds before it becomes a table, in bytes; 64 KiB to an
///     eighth of `memoryBytes`; 0 (default) for a sixteenth of `memoryBytes`, at most 64 MiB
/// @param firstLogSegmentBytes the size of the first log segments, in bytes, from which they
///     double; a power of two from 64 KiB to 1 GiB, default 1 MiB
/// @param maxLogSegmentBytes the size that they grow to, in bytes; a power of two from
///     `firstLogSegmentBytes` to 1 GiB, default 64 MiB
/// @param scheduler where threads, waiting, time and randomness come from; default
///     [Scheduler#system()]
public record StoreOptions(
    Durability durability,
    long memoryBytes,
    @Nullable BackendKind backend,
    boolean compression,
    long memtableBytes,
    long firstLogSegmentBytes,
    long maxLogSegmentBytes,
    Scheduler scheduler) {

  /// The least `memoryBytes` that a store opens with: what its parts need to make progress.
  public static final long MEMORY_BYTES_MIN = 16L << 20;

  private static final long MEMTABLE_BYTES_MIN = 64L << 10;
  private static final long MEMTABLE_BYTES_MAX = 64L << 20;
  private static final long LOG_SEGMENT_BYTES_MIN = 64L << 10;
  private static final long LOG_SEGMENT_BYTES_MAX = 1L << 30;

  private static final StoreOptions DEFAULTS =
      new StoreOptions(
          Durability.SYNCED,
          512L << 20,
          null,
          true,
          0,
          1L << 20,
          64L << 20,
          Scheduler.system());

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException when a number is out of its range; names both
  public StoreOptions {
    Objects.requireNonNull(durability, "durability");
    Objects.requireNonNull(scheduler, "scheduler");
    if (memoryBytes < MEMORY_BYTES_MIN) {
      throw new IllegalArgumentException(
          "memoryBytes " + memoryBytes + " is below " + MEMORY_BYTES_MIN);
    }
    if (memtableBytes != 0) {
      requireRange("memtableBytes", memtableBytes, MEMTABLE_BYTES_MIN, memoryBytes / 8);
    }
    requireSegment("firstLogSegmentBytes", firstLogSegmentBytes, LOG_SEGMENT_BYTES_MIN);
    requireSegment("maxLogSegmentBytes", maxLogSegmentBytes, firstLogSegmentBytes);
  }

  private static void requireSegment(String name, long value, long min) {
    requireRange(name, value, min, LOG_SEGMENT_BYTES_MAX);
    if (Long.bitCount(value) != 1) {
      throw new IllegalArgumentException(name + " " + value + " is not a power of two");
    }
  }

  private static void requireRange(String name, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(name + " " + value + " is not in " + min + " to " + max);
    }
  }

  /// Good for most: see the default of each component.
  public static StoreOptions defaults() {
    return DEFAULTS;
  }

  /// What one memtable holds: `memtableBytes`, or what is derived when that is 0.
  long memtableCapacity() {
    return memtableBytes != 0 ? memtableBytes : Math.min(MEMTABLE_BYTES_MAX, memoryBytes / 16);
  }

  /// These options with another durability of writes that name none.
  public StoreOptions withDurability(Durability durability) {
    return new StoreOptions(
        durability,
        memoryBytes,
        backend,
        compression,
        memtableBytes,
        firstLogSegmentBytes,
        maxLogSegmentBytes,
        scheduler);
  }

  /// These options with another budget, in bytes, at least [#MEMORY_BYTES_MIN].
  public StoreOptions withMemoryBytes(long memoryBytes) {
    return new StoreOptions(
        durability,
        memoryBytes,
        backend,
        compression,
        memtableBytes,
        firstLogSegmentBytes,
        maxLogSegmentBytes,
        scheduler);
  }

  /// These options with one backend, or with null for the best that the host allows.
  public StoreOptions withBackend(@Nullable BackendKind backend) {
    return new StoreOptions(
        durability,
        memoryBytes,
        backend,
        compression,
        memtableBytes,
        firstLogSegmentBytes,
        maxLogSegmentBytes,
        scheduler);
  }

  /// These options with blocks of tables compressed or not.
  public StoreOptions withCompression(boolean compression) {
    return new StoreOptions(
        durability,
        memoryBytes,
        backend,
        compression,
        memtableBytes,
        firstLogSegmentBytes,
        maxLogSegmentBytes,
        scheduler);
  }

  /// These options with memtables of so many bytes, or with 0 for a size that follows the budget.
  public StoreOptions withMemtableBytes(long memtableBytes) {
    return new StoreOptions(
        durability,
        memoryBytes,
        backend,
        compression,
        memtableBytes,
        firstLogSegmentBytes,
        maxLogSegmentBytes,
        scheduler);
  }

  /// Sizes of the log's segments, see `firstLogSegmentBytes` and `maxLogSegmentBytes`.
  public StoreOptions withLogSegmentBytes(long first, long max) {
    return new StoreOptions(
        durability, memoryBytes, backend, compression, memtableBytes, first, max, scheduler);
  }

  /// These options with another source of threads, waiting, time and randomness.
  public StoreOptions withScheduler(Scheduler scheduler) {
    return new StoreOptions(
        durability,
        memoryBytes,
        backend,
        compression,
        memtableBytes,
        firstLogSegmentBytes,
        maxLogSegmentBytes,
        scheduler);
  }
}
