package dev.iobus;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Settings of a [Bus] or a [SharedBus]. Immutable.
///
/// @param capacity operations that can be prepared, in flight, or ended and not yet `done` at one
///     time, 1 to 16,384; default 256. Used by all backends. Direct transfers beyond what the queue of
///     the device takes (`nr_requests` under `/sys/block`) make whoever submits them wait in the system
///     call, on a [SharedBus] for all: 1,000 callers on a queue of 256 had a p99 of 28 ms with a capacity
///     of 1,000 and of 18 ms with 256, at the same rate.
/// @param files slots for registered files at most, 0 to 1,048,576; default 65,536. There is rarely a
///     reason to change it. The kernel makes the table when the first file is registered or opened
///     into a slot, for as many as this and as the process may have open (ulimit -n), and it stays as
///     long as it is: 8 bytes of the kernel's memory and 1 ns for each slot. io_uring.
/// @param backend the one backend to use, or null (default) for the best that this host allows;
///     with a value, opening fails where that backend is not available
/// @param closeDeadline how long `close` waits for the last results before it leaks the memory
///     that the kernel still owns and reports it; default 30 s, more than 10,000 days count as so
///     many. All backends.
/// @param scheduler where waiting and time come from; default [Scheduler#system()]. All backends.
public record BusOptions(
    int capacity,
    int files,
    @Nullable BackendKind backend,
    Duration closeDeadline,
    Scheduler scheduler) {

  private static final BusOptions DEFAULTS =
      new BusOptions(256, 65_536, null, Duration.ofSeconds(30), Scheduler.system());

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException when a number or a time is out of its range
  public BusOptions {
    if (capacity < 1 || capacity > 16_384) {
      throw new IllegalArgumentException("capacity " + capacity + " is not in 1 to 16384");
    }
    if (files < 0 || files > 1 << 20) {
      throw new IllegalArgumentException("files " + files + " is not in 0 to 1048576");
    }
    if (closeDeadline.isNegative()) {
      throw new IllegalArgumentException("closeDeadline " + closeDeadline + " is negative");
    }
    Objects.requireNonNull(scheduler, "scheduler");
  }

  /// Good for most: see the default of each component.
  public static BusOptions defaults() {
    return DEFAULTS;
  }

  /// These options with room for so many operations, 1 to 16,384.
  public BusOptions withCapacity(int capacity) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  /// These options with so many slots for registered files at most, 0 to 1,048,576.
  public BusOptions withFiles(int files) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  /// These options with one backend, or with null for the best that the host allows.
  public BusOptions withBackend(@Nullable BackendKind backend) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  /// These options with the time that `close` waits for the last results, not negative.
  public BusOptions withCloseDeadline(Duration closeDeadline) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }

  /// These options with another source of waiting and time.
  public BusOptions withScheduler(Scheduler scheduler) {
    return new BusOptions(capacity, files, backend, closeDeadline, scheduler);
  }
}
