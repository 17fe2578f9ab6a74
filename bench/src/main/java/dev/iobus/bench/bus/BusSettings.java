package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What was asked for on the command line. Immutable.
///
/// @param jobs in the order in which they are done; all have one caching and one registration
/// @param nopBatches how many operations that do nothing are in a batch, one workload for each
/// @param aims groups of rows with aims; none when jobs or batches were asked for
/// @param peers other libraries that take part in rows with aims
/// @param echoPeers other libraries that echo in them
/// @param rivals whom iobus is compared with; null for fio where it can run
/// @param bytes of the file
/// @param rounds how often and how long
/// @param backend of the busses; null for the best that this host allows
/// @param fio the name or path of the program
record BusSettings(
    List<Job> jobs,
    List<Integer> nopBatches,
    Set<AimGroup> aims,
    List<BlockPeer> peers,
    List<EchoPeer> echoPeers,
    @Nullable List<ContenderKind> rivals,
    long bytes,
    Comparison.Rounds rounds,
    @Nullable BackendKind backend,
    String fio) {

  BusSettings {
    jobs = List.copyOf(jobs);
    nopBatches = List.copyOf(nopBatches);
    aims = Collections.unmodifiableSet(aims.isEmpty() ? EnumSet.noneOf(AimGroup.class) : EnumSet.copyOf(aims));
    peers = List.copyOf(peers);
    echoPeers = List.copyOf(echoPeers);
    rivals = rivals == null ? null : List.copyOf(rivals);
  }

  /// Whether there are transfers, and so a file.
  boolean transfers() {
    return !jobs.isEmpty() || aims.stream().anyMatch(AimGroup::transfers);
  }

  /// Whether some transfers go past the page cache.
  boolean anyDirect() {
    return jobs.stream().anyMatch(Job::isDirect) || aims.stream().anyMatch(AimGroup::isDirect);
  }

  /// Whether some transfers go through it.
  boolean anyBuffered() {
    return !jobs.stream().allMatch(Job::isDirect) || aims.stream().anyMatch(AimGroup::isBuffered);
  }

  /// Whether some transfers write.
  boolean anyWrite() {
    return jobs.stream().anyMatch(job -> job.access().isWrite());
  }

  /// Of file and memory.
  Registration registration() {
    return jobs.isEmpty() ? Registration.REGISTERED : jobs.getFirst().registration();
  }

  /// Whether fio takes part where it can.
  boolean wantsFio() {
    return rivals == null ? transfers() : rivals.contains(ContenderKind.FIO);
  }

  /// Whether it is a failure when fio cannot take part.
  boolean needsFio() {
    return rivals != null && wantsFio();
  }
}
