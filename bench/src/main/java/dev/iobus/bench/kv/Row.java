package dev.iobus.bench.kv;

import dev.iobus.bench.command.Threads;
import dev.iobus.bench.subject.Sync;
import dev.iobus.bench.workload.Distribution;
import dev.iobus.bench.workload.Workload;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One line of the table, for all subjects. Immutable.
///
/// @param workload what is done
/// @param threads by how many
/// @param sync what its writes wait for
/// @param nexts entries that `seekrandom` walks over behind the one that it seeks
/// @param distribution how records are chosen; null for what the workload is known for
/// @param data the records
/// @param memoryBytes what each subject may have for blocks, memtables and the like
record Row(
    Workload workload,
    Threads threads,
    Sync sync,
    int nexts,
    @Nullable Distribution distribution,
    DataShape data,
    long memoryBytes) {

  /// Records per byte of memory from which a row says how much larger its data is.
  private static final double LARGE = 1.5;

  /// Whether its writes are acknowledged when they are on stable storage.
  boolean isDurable() {
    return workload.writes() && sync == Sync.SYNCED;
  }

  /// The name in the table: the workload, and what is not usual of it.
  String label() {
    StringBuilder label = new StringBuilder(workload.label());
    if (workload == Workload.SEEKRANDOM) {
      label.append(' ').append(nexts);
    }
    if (distribution != null) {
      label.append(' ').append(distribution.name().toLowerCase(Locale.ROOT));
    }
    if (!threads.equals(Threads.ONE)) {
      label.append(", ").append(threads.label());
    }
    if (workload.writes() && sync != workload.usualSync()) {
      label.append(", ").append(sync);
    }
    double share = (double) data.bytes() / memoryBytes;
    if (share >= LARGE) {
      label.append(", data ").append(Math.round(share)).append('x');
    }
    return label.toString();
  }
}
