package dev.iobus;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Settings of a [Bus] or a [SharedBus]. Immutable.
///
/// @param capacity operations that can be prepared or in flight at one time, 1 to 16,384;
///     default 256. Used by all backends.
/// @param files slots for registered files, 0 to 65,536; default 1,024, each with 8 to 16 bytes of
///     the kernel's memory. No more than the process may open files (ulimit -n). The table does not
///     grow: what is in it has no other name from which a larger one could be filled. io_uring.
/// @param backend the one backend to use, or null (default) for the best that this host allows;
///     with a value, opening fails where that backend is not available
/// @param closeDeadline how long `close` waits for the last results before it leaks the memory
///     that the kernel still owns and reports it; default 30 s. All backends.
/// @param scheduler where waiting and time come from; default [Scheduler#system()]. All backends.
public record BusOptions(
    int capacity,
    int files,
    @Nullable BackendKind backend,
    Duration closeDeadline,
    Scheduler scheduler) {

  private static final BusOptions DEFAULTS =
      new BusOptions(256, 1024, null, Duration.ofSeconds(30), Scheduler.system());

  public BusOptions {
    if (capacity < 1 || capacity > 16_384) {
      throw new IllegalArgumentException("capacity " + capacity + " is not in 1 to 16384");
    }
    if (files < 0 || files > 65_536) {
      throw new IllegalArgumentException("files " + files + " is not in 0 to 65536");
    }
    if (closeDeadline.isNegative()) {
      throw new IllegalArgumentException("closeDeadline " + closeDeadline + " is negative");
    }
    Objects.requireNonNull(scheduler, "scheduler");
  }

  public static BusOptions defaults() {
    return DEFAULTS;
  }

  public BusOptions withCapacity(int capacity) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  public BusOptions withFiles(int files) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  public BusOptions withBackend(@Nullable BackendKind backend) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  public BusOptions withCloseDeadline(Duration closeDeadline) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  public BusOptions withScheduler(Scheduler scheduler) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }
}
