package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What contenders run on. Immutable, but for the count of runs.
///
/// @param file what is read and written; every page of it stays what it must be
/// @param unchecked a file of the same length for writes of those that destroy what they overwrite;
///     the same as `file` when there are none
/// @param backend of the busses; null for the best that this host allows
/// @param fio null when fio does not take part
/// @param runs on the files so far; the number of a run marks what it writes
record Bed(
    BlockFile file,
    BlockFile unchecked,
    @Nullable BackendKind backend,
    @Nullable Fio fio,
    AtomicLong runs) {

  /// One on which nothing was run.
  Bed(BlockFile file, BlockFile unchecked, @Nullable BackendKind backend, @Nullable Fio fio) {
    this(file, unchecked, backend, fio, new AtomicLong());
  }

  /// The file on which `kind` does `job`.
  BlockFile fileFor(ContenderKind kind, Job job) {
    return job.access().isWrite() && !kind.isChecked() ? unchecked : file;
  }
}
