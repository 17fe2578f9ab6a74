package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import org.jspecify.annotations.Nullable;

/// What contenders run on. Immutable.
///
/// @param file what is read and written; every page of it stays what it must be
/// @param unchecked a file of the same length for writes of those that destroy what they overwrite;
///     the same as `file` when there are none
/// @param backend of the busses; null for the best that this host allows
/// @param fio null when fio does not take part
record Bed(
    BlockFile file, BlockFile unchecked, @Nullable BackendKind backend, @Nullable Fio fio) {

  /// The file on which `kind` does `job`.
  BlockFile fileFor(ContenderKind kind, Job job) {
    return job.access().isWrite() && !kind.isChecked() ? unchecked : file;
  }
}
