package dev.iobus.bench.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Whether writes that were acknowledged as durable can have been: the device must have flushed its
/// cache for them. Writers that wait at the same time may share a flush, each with one write in it.
/// Others may flush too, so that a pass proves nothing; a miss proves that acknowledged bytes were
/// in a cache that loses them. Immutable.
///
/// @param checkable whether the device counts its flushes and needs them
/// @param reason why it is not checkable, or how it is checked
public record FlushCheck(boolean checkable, String reason) {

  /// Some slack for the flush that is counted after the last write was acknowledged.
  private static final double SHARE = 0.9;

  /// For the device that holds `directory`.
  public static FlushCheck of(Path directory) throws IOException {
    Path counters = DeviceCounters.fileFor(directory);
    if (Double.isNaN(DeviceCounters.now(counters).flushes())) {
      return new FlushCheck(false, "not checked: this device counts no flushes");
    }
    Path queue = counters.resolveSibling("queue");
    List<String> fua = ProcFile.lines(queue.resolve("fua"));
    if (!fua.isEmpty() && !fua.getFirst().equals("0")) {
      return new FlushCheck(false, "not checked: this device can write through its cache (FUA)");
    }
    List<String> cache = ProcFile.lines(queue.resolve("write_cache"));
    if (!cache.isEmpty() && cache.getFirst().equals("write through")) {
      return new FlushCheck(false, "not checked: this device has no cache that loses anything");
    }
    return new FlushCheck(true, "flushes of the device are counted and compared with the writes");
  }

  /// For the report.
  public String describe() {
    return reason;
  }

  /// Says what is missing; null when nothing is, or when it cannot be checked.
  ///
  /// @param used what the device did meanwhile
  /// @param acknowledged durable writes
  /// @param writers how many could share one flush
  public @Nullable String missing(DeviceCounters used, long acknowledged, int writers) {
    double least = SHARE * acknowledged / writers;
    if (!checkable || used.flushes() >= Math.floor(least)) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "missing sync: %,d writes by %d were acknowledged as durable, which takes at least %,.0f"
            + " flushes of the device; it did %,.0f",
        acknowledged, writers, least, used.flushes());
  }
}
