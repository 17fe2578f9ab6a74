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
/// @param rings rings of a [SharedBus], which shares the capacity out to them: 1 to 64, or 0 (default)
///     for one for each carrier of virtual threads, up to 4, as far as each has a capacity of 32. A
///     caller uses one of them, the same one each time, by the number of its thread, and has its part of
///     the capacity: one ring gives all of it to one caller. Each ring has a descriptor or two of its own
///     and knows all registered files and buffers; before Linux 6.13 buffers count against the memlock
///     limit for each. Where the host refuses a ring that was asked for, opening fails; of those that
///     were not, the first is enough, which the log and `fallbacks` tell. io_uring; a simulation has one
///     unless asked for more, other backends have one.
/// @param files slots for registered files at most, 0 to 1,048,576; default 65,536. There is rarely a
///     reason to change it. The kernel makes the table when the first file is registered or opened
///     into a slot, for as many as this and as the process may have open (ulimit -n), and it stays as
///     long as it is: 8 bytes of the kernel's memory and 1 ns for each slot, for each ring. io_uring.
/// @param backend the one backend to use, or null (default) for the best that this host allows;
///     with a value, opening fails where that backend is not available
/// @param closeDeadline how long `close` waits for the last results before it leaks the memory
///     that the kernel still owns and reports it; default 30 s, more than 10,000 days count as so
///     many. All backends.
/// @param scheduler where waiting and time come from; default [Scheduler#system()]. All backends.
public record BusOptions(
    int capacity,
    int rings,
    int files,
    @Nullable BackendKind backend,
    Duration closeDeadline,
    Scheduler scheduler) {

  private static final BusOptions DEFAULTS =
      new BusOptions(256, 0, 65_536, null, Duration.ofSeconds(30), Scheduler.system());

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException when a number or a time is out of its range
  public BusOptions {
    if (capacity < 1 || capacity > 16_384) {
      throw new IllegalArgumentException("capacity " + capacity + " is not in 1 to 16384");
    }
    if (rings < 0 || rings > 64) {
      throw new IllegalArgumentException("rings " + rings + " is not in 0 to 64");
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
    return new BusOptions(capacity, rings, files, backend, closeDeadline, scheduler);
  }

  /// These options with so many rings, 1 to 64, or 0 for as many as are useful.
  public BusOptions withRings(int rings) {
    return new BusOptions(capacity, rings, files, backend, closeDeadline, scheduler);
  }

  /// These options with so many slots for registered files at most, 0 to 1,048,576.
  public BusOptions withFiles(int files) {
    return new BusOptions(capacity, rings, files, backend, closeDeadline, scheduler);
  }

  /// These options with one backend, or with null for the best that the host allows.
  public BusOptions withBackend(@Nullable BackendKind backend) {
    return new BusOptions(capacity, rings, files, backend, closeDeadline, scheduler);
  }

  /// These options with the time that `close` waits for the last results, not negative.
  public BusOptions withCloseDeadline(Duration closeDeadline) {
    return new BusOptions(capacity, rings, files, backend, closeDeadline, scheduler);
  }

  /// These options with another source of waiting and time.
  public BusOptions withScheduler(Scheduler scheduler) {
    return new BusOptions(capacity, rings, files, backend, closeDeadline, scheduler);
  }
}
