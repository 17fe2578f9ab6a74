package dev.iobus.bench.wal;

import dev.iobus.BackendKind;
import dev.iobus.bench.command.Threads;
import dev.iobus.storage.wal.Durability;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is compared. Immutable.
///
/// @param durability what every append asks for
/// @param threads the numbers of writers, each a workload of its own
/// @param allLevels whether the other levels are measured too, with one thread
/// @param recordBytes of each record, from [LogRecord#LENGTH_MIN] to 1 MiB
/// @param rounds runs of each subject
/// @param nanos how long a run lasts; half of that it warms up before
/// @param backend the one backend to use; null for the best that this host allows
/// @param segmentBytes of every segment of the log
/// @param rawFileBytes of the file that the raw loops overwrite
record WalSettings(
    Durability durability,
    List<Threads> threads,
    boolean allLevels,
    int recordBytes,
    int rounds,
    long nanos,
    @Nullable BackendKind backend,
    int segmentBytes,
    long rawFileBytes) {

  /// The size that the segments of a store grow to. A log of many small ones, as a young store has
  /// it, would spend a short run on making larger ones.
  static final int SEGMENT_BYTES = 64 << 20;

  static final long RAW_FILE_BYTES = 64 << 20;

  WalSettings {
    threads = List.copyOf(threads);
  }

  long warmUpNanos() {
    return nanos / 2;
  }
}
