package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was asked for on the command line. Immutable.
///
/// @param jobs in the order in which they are done; all have one caching and one registration
/// @param nopBatches how many operations that do nothing are in a batch, one workload for each
/// @param rivals whom iobus is compared with; null for fio where it can run
/// @param bytes of the file
/// @param rounds how often and how long
/// @param backend of the busses; null for the best that this host allows
/// @param fio the name or path of the program
record BusSettings(
    List<Job> jobs,
    List<Integer> nopBatches,
    @Nullable List<ContenderKind> rivals,
    long bytes,
    Comparison.Rounds rounds,
    @Nullable BackendKind backend,
    String fio) {

  BusSettings {
    jobs = List.copyOf(jobs);
    nopBatches = List.copyOf(nopBatches);
    rivals = rivals == null ? null : List.copyOf(rivals);
  }

  /// Whether fio takes part where it can.
  boolean wantsFio() {
    return rivals == null ? !jobs.isEmpty() : rivals.contains(ContenderKind.FIO);
  }

  /// Whether it is a failure when fio cannot take part.
  boolean needsFio() {
    return rivals != null && wantsFio();
  }
}
