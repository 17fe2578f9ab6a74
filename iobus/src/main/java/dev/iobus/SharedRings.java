package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The rings of a [SharedBus]. Each caller uses one of them, the same one at each call, so that callers on
/// several processors neither wait for one reaper nor write the same lines of memory: with two rings in
/// place of one, 8 to 32 virtual threads on two processors made 15 to 150 % more reads a second, the
/// more the faster the device.
///
/// What has ended one ring ends all of them: see [BusFailure]. Immutable, thread-safe.
final class SharedRings {

  /// Rings that are opened unasked, at most.
  private static final int UNASKED_MAX = 4;

  /// Operations for which an unasked ring must have room: with fewer, those of one caller may not
  /// keep a device busy.
  private static final int UNASKED_CAPACITY_MIN = 32;

  private final BackendChoice choice;
  private final Scheduler scheduler;
  private final BusFailure failure;
  private final SharedRing[] rings;

  /// Why there are fewer than would be useful; null when there are not.
  private final @Nullable String shortfall;

  /// @param part of the capacity that each ring has but the first, which has the rest
  private SharedRings(
      BackendChoice choice,
      List<Backend> backends,
      int part,
      BusOptions options,
      @Nullable String shortfall) {
    this.choice = choice;
    this.scheduler = options.scheduler();
    this.shortfall = shortfall;
    failure = new BusFailure(choice.backend()::hasEnded);
    rings = new SharedRing[backends.size()];
    boolean pins = choice.kind() != BackendKind.NIO;
    int left = Math.min(options.capacity(), choice.backend().capacity());
    for (int i = rings.length - 1; i >= 0; i--) {
      int capacity = i > 0 ? part : left;
      left -= capacity;
      rings[i] = new SharedRing(i, backends.get(i), capacity, pins, scheduler, failure);
    }
    failure.tells(Arrays.stream(rings).map(ring -> ring.reaping).toList());
  }

  /// Opens them all on the backend that is the best here, or the one asked for.
  ///
  /// @throws IOException when one that was asked for is refused; of those that were not, the first
  static SharedRings open(BusOptions options, Supplier<UringSyscalls> syscalls)
      throws IOException {
    BackendChoice choice = BackendChoice.open(true, options, syscalls);
    List<Backend> backends = new ArrayList<>();
    try {
      backends.add(choice.backend());
      int count = count(options, choice.kind());
      int part = options.capacity() / count;
      BusOptions ofOthers = options.withBackend(choice.kind()).withCapacity(part);
      String shortfall = null;
      while (backends.size() < count && shortfall == null) {
        try {
          backends.add(BackendChoice.open(true, ofOthers, syscalls).backend());
        } catch (IOException e) {
          String message = "the bus has " + backends.size() + " of " + count + " rings";
          if (options.rings() > 0) {
            throw new IOException(message + ", as were asked for: " + e.getMessage(), e);
          }
          shortfall = message + ": " + e.getMessage();
          System.getLogger("dev.iobus").log(System.Logger.Level.WARNING, shortfall);
        }
      }
      return new SharedRings(choice, backends, part, options, shortfall);
    } catch (Throwable t) {
      closeEach(backends, false, t);
      throw t;
    }
  }

  /// Closes all of them, whatever the close of one throws.
  ///
  /// @param before what was thrown before, which then keeps it; null for nothing
  private static @Nullable Throwable closeEach(
      List<Backend> backends, boolean abandon, @Nullable Throwable before) {
    Throwable thrown = before;
    for (Backend backend : backends) {
      try {
        backend.close(abandon);
      } catch (RuntimeException | Error t) {
        if (thrown == null) {
          thrown = t;
        } else {
          thrown.addSuppressed(t);
        }
      }
    }
    return thrown;
  }

  /// Releases all rings; see [Backend#close(boolean)].
  void close(boolean abandon) {
    switch (closeEach(List.of(backends()), abandon, null)) {
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      case null, default -> {}
    }
  }

  private static int count(BusOptions options, BackendKind kind) {
    int asked = Math.min(options.rings(), options.capacity());
    return switch (kind) {
      case IO_URING -> {
        int unasked = Math.min(UNASKED_MAX, options.capacity() / UNASKED_CAPACITY_MIN);
        int useful = Math.min(options.scheduler().parallelism(), unasked);
        yield asked > 0 ? asked : Math.max(1, useful);
      }
      case SIMULATED -> Math.max(1, asked);
      case KQUEUE, NIO -> 1;
    };
  }

  /// The ring of the calling task.
  SharedRing ofCaller() {
    return rings.length == 1 ? rings[0] : rings[numberOfCaller()];
  }

  private int numberOfCaller() {
    return (int) Long.remainderUnsigned(scheduler.currentTaskNumber(), rings.length);
  }

  SharedRing of(Slot slot) {
    return rings[slot.ring];
  }

  /// For what none of them has to do with.
  SharedRing first() {
    return rings[0];
  }

  List<SharedRing> all() {
    return List.of(rings);
  }

  Backend[] backends() {
    return Arrays.stream(rings).map(ring -> ring.backend).toArray(Backend[]::new);
  }

  BackendChoice choice() {
    return choice;
  }

  /// Which backend, why, and with which features: one line for people.
  String reason() {
    return choice.reason() + (rings.length > 1 ? "; " + rings.length + " rings" : "");
  }

  int count() {
    return rings.length;
  }

  BusFailure failure() {
    return failure;
  }

  /// Operations that can be in flight at one time on all of them.
  int capacity() {
    return Arrays.stream(rings).mapToInt(ring -> ring.capacity).sum();
  }

  /// The least that one of them has room for.
  int capacityOfEach() {
    return Arrays.stream(rings).mapToInt(ring -> ring.capacity).min().orElseThrow();
  }

  /// Operations that were added and not completed.
  int pending() {
    return Arrays.stream(rings).mapToInt(ring -> ring.reaping.pending()).sum();
  }

  /// What is done another way than on the best host, one line each.
  List<String> fallbacks(BusOptions options) {
    List<String> all =
        new ArrayList<>(
            BackendChoice.fallbacks(
                options, choice.kind(), choice.reason(), choice.backend()));
    if (shortfall != null) {
      all.add(shortfall);
    }
    return all;
  }

  BusStats stats() {
    VarHandle.acquireFence(); // What was counted before a submission ended is seen.
    BusStats sum = BusStats.of(rings[0].counts, rings[0].backend.counts());
    for (int i = 1; i < rings.length; i++) {
      sum = sum.plus(BusStats.of(rings[i].counts, rings[i].backend.counts()));
    }
    return sum;
  }
}
