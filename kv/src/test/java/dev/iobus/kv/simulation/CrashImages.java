package dev.iobus.kv.simulation;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a loss of power, or the end of the process, would leave at every moment of one run. Images
/// that are the same, and that the model judges the same way, are kept once.
///
/// Confined to the holder of the disk while the simulation runs.
final class CrashImages {

  /// How much of what was not durable the crashes of one moment keep, in percent.
  private static final int[] KEPT = {0, 100, 50, 90};

  /// @param operation after which, or in whose middle, it was taken
  /// @param killed whether the process ended and power stayed on
  /// @param view what may be found
  record Image(long operation, boolean killed, SimDisk disk, HistoryView view) {}

  private record Key(long content, boolean killed) {}

  private final SimDisk disk;
  private final SimScheduler host;
  private final History history;
  private final List<Image> images = new ArrayList<>();

  /// Of the last view.
  private final Set<Key> known = new HashSet<>();

  private @Nullable HistoryView lastView;
  private long moments;

  private CrashImages(SimDisk disk, SimScheduler host, History history) {
    this.disk = disk;
    this.host = host;
    this.history = history;
  }

  /// Takes images from now on.
  static CrashImages of(SimDisk disk, SimScheduler host, History history) {
    CrashImages images = new CrashImages(disk, host, history);
    host.watch(images::take);
    return images;
  }

  private void take() {
    moments++;
    HistoryView view = history.view();
    if (!view.isSame(lastView)) {
      known.clear();
      lastView = view;
    }
    for (int kept : KEPT) {
      add(view, false, disk.crash(moments * 31 + kept, kept));
    }
    add(view, true, disk.kill(moments));
  }

  private void add(HistoryView view, boolean killed, SimDisk image) {
    if (known.add(new Key(image.contentHash(), killed))) {
      images.add(new Image(host.operations(), killed, image, view));
    }
  }

  /// Moments at which a crash was looked at.
  long moments() {
    return moments;
  }

  List<Image> images() {
    return images;
  }
}
