package dev.iobus.bench.versus;

import dev.iobus.bench.measure.Comparison;
import dev.iobus.bench.measure.DiskUse;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Runs the same workloads on several subjects in turn, so that a bad minute of the machine hits
/// all of them. Confined to one thread.
final class Race {

  private static final long WARM_UP_NANOS = 1_000_000_000L;

  private final List<Peer> peers;
  private final Peer.Memory memory;
  private final KeyValues data;
  private final long nanos;
  private final Path directory;
  private final Progress progress;

  /// @param peers at least one; the first is the one that others are compared with
  /// @param data keys and values of all workloads
  /// @param nanos how long a workload lasts that does not end by itself
  /// @param directory for all stores, each in a directory of its own
  Race(
      List<Peer> peers,
      Peer.Memory memory,
      KeyValues data,
      long nanos,
      Path directory,
      Progress progress) {
    this.peers = List.copyOf(peers);
    this.memory = memory;
    this.data = data;
    this.nanos = nanos;
    this.directory = directory;
    this.progress = progress;
  }

  /// Runs every workload `rounds` times on each subject: A B A B A B, workload by workload.
  void run(List<Workload> workloads, int rounds, Comparison comparison) throws Exception {
    for (Workload workload : workloads) {
      for (int round = 0; round < rounds; round++) {
        for (Peer peer : peers) {
          Measurement m = workload.reads() ? read(workload, peer) : fill(workload, peer);
          comparison.add(
              workload.label(),
              peer.name(),
              m.operationsPerSecond(),
              m.latencies().nanosAt(50),
              m.latencies().nanosAt(99));
        }
      }
    }
    for (Peer peer : peers) {
      Path loaded = loaded(peer);
      if (Files.exists(loaded)) {
        DiskUse.remove(loaded);
      }
    }
  }

  /// In a new store, which is removed after.
  private Measurement fill(Workload workload, Peer peer) throws Exception {
    Path fresh = Files.createTempDirectory(directory, peer.name() + "-");
    try (Subject subject = peer.open(fresh, memory, workload.sync())) {
      return workload.run(title(workload, peer), subject, data, nanos, progress);
    } finally {
      DiskUse.remove(fresh);
    }
  }

  /// In a store that holds every key, opened anew and warmed up.
  private Measurement read(Workload workload, Peer peer) throws Exception {
    Path loaded = loaded(peer);
    if (!Files.exists(loaded)) {
      load(peer, loaded);
    }
    try (Subject subject = peer.open(loaded, memory, Subject.Sync.WRITTEN)) {
      String title = title(workload, peer);
      workload.run(title + ", warm-up", subject, data, WARM_UP_NANOS, progress);
      return workload.run(title, subject, data, nanos, progress);
    }
  }

  private void load(Peer peer, Path loaded) throws Exception {
    Files.createDirectory(loaded);
    try (Subject subject = peer.open(loaded, memory, Subject.Sync.WRITTEN)) {
      Workload.FILLRANDOM.run("load " + peer.name(), subject, data, nanos, progress);
    }
  }

  private Path loaded(Peer peer) {
    return directory.resolve(peer.name() + "-loaded");
  }

  private static String title(Workload workload, Peer peer) {
    return workload.label() + ", " + peer.name();
  }
}
