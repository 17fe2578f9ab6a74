package dev.iobus.bench.wal;

import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.Counters;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/// The raw loops that work on one file. Confined to one thread.
final class RawLoops {

  private final RawFile file;
  private final Path device;
  private final WalSettings settings;
  private final Progress progress;
  private final Set<RawMethod> possible = EnumSet.noneOf(RawMethod.class);

  /// Tries every method once; what does not work here is told as a fact.
  ///
  /// @param device any directory on the device that is asked what it did
  RawLoops(
      RawFile file, Path device, WalSettings settings, Progress progress, ResultBuilder result) {
    this.file = file;
    this.device = device;
    this.settings = settings;
    this.progress = progress;
    for (RawMethod method : RawMethod.values()) {
      try (RawWrites writes = new RawWrites(file, method)) {
        writes.write();
        possible.add(method);
      } catch (IOException | UnsupportedOperationException e) {
        result.fact(method.subject(), "not possible here: " + e.getMessage());
      }
    }
  }

  /// Those of `wanted` that work.
  Set<RawMethod> possible(Set<RawMethod> wanted) {
    Set<RawMethod> both = EnumSet.copyOf(possible);
    both.retainAll(wanted);
    return both;
  }

  /// One run of one loop.
  Run measure(RawMethod method, String workload, int round) throws Exception {
    try (RawWrites writes = new RawWrites(file, method)) {
      writes.runFor(settings.warmUpNanos(), Progress.none());
      Counters before = Counters.now(device);
      Measurement m = writes.runFor(settings.nanos(), progress);
      return Counters.now(device)
          .since(before)
          .addTo(Run.of(workload, method.subject(), round, m), m);
    }
  }
}
