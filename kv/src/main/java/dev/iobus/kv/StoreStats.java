package dev.iobus.kv;

import java.util.List;

/// What a store has done since it was opened, and what it holds now.
///
/// @param backend the kernel interface in use
/// @param backendReason why that one, in one line
/// @param codec the codec of compressed blocks, or `none`
/// @param durableAppend how the log makes an append durable
/// @param userBytesWritten keys and values of all puts and deletes, in bytes
/// @param bytesWritten log and tables, in bytes; not the zeros of new segments of the log, nor the
///     manifest
/// @param diskBytes tables, manifest, and the log as far as it is needed, in bytes; not the segments
///     of the log that are prepared, free to be used again, or partly needed
/// @param memtableBytes what memtables hold, in bytes
/// @param memoryReserved of `memoryBytes`, in bytes
/// @param indexBytes indexes and filters of all tables, part of the former, in bytes
/// @param memoryWaits attempts of a flush or a compaction that found no memory and were put off
/// @param flushes memtables that became tables
/// @param compactions merges and moves of tables
/// @param stallNanos time that writers were held back because merging was behind or memtables were
///     full, summed over them, in nanoseconds
/// @param tablesPerLevel from level 0 on
public record StoreStats(
    String backend,
    String backendReason,
    String codec,
    String durableAppend,
    long userBytesWritten,
    long bytesWritten,
    long diskBytes,
    long memtableBytes,
    long memoryReserved,
    long indexBytes,
    long memoryWaits,
    long flushes,
    long compactions,
    long stallNanos,
    List<Integer> tablesPerLevel) {

  /// Takes a copy of the list.
  public StoreStats {
    tablesPerLevel = List.copyOf(tablesPerLevel);
  }
}
