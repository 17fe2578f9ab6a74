package dev.iobus;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The first failure of a [SharedBus], which ends all its rings for everybody.
///
/// Invariant: whoever waits on one of the rings, or comes to wait, is told of it at the latest when
/// somebody looks next: the same call further up, whoever reaps, a later call, or the close.
///
/// Thread-safe.
final class BusFailure {

  /// Whether the host itself has ended, as a simulated one does; then nobody waits any more.
  private final BooleanSupplier hostHasEnded;

  /// Whom to tell; set once, before any of them is used.
  private volatile List<Reaping> rings = List.of();

  private final AtomicReference<@Nullable Throwable> first = new AtomicReference<>();

  /// Whether everybody was told of it.
  private volatile boolean told;

  BusFailure(BooleanSupplier hostHasEnded) {
    this.hostHasEnded = hostHasEnded;
  }

  void tells(List<Reaping> rings) {
    this.rings = rings;
  }

  boolean isPresent() {
    return first.get() != null;
  }

  /// Ends the bus for everybody: each waiter gets `failure`. The first one is kept.
  void set(Throwable failure) {
    first.compareAndSet(null, failure);
    tell();
  }

  /// Tells everybody. What strikes here again, for want of stack, leaves it to whoever looks next.
  private void tell() {
    tellFrom(0);
    told = true;
  }

  private void tellFrom(int ring) {
    if (ring < rings.size()) {
      try {
        rings.get(ring).endForFailure();
      } finally {
        tellFrom(ring + 1);
      }
    }
  }

  /// Tells everybody if there is a failure that not all were told of.
  void tellIfUntold() {
    if (isPresent() && !told && !hostHasEnded.getAsBoolean()) {
      tell();
    }
  }

  /// @throws IOException when there is a failure
  void throwIfPresent() throws IOException {
    Throwable failure = first.get();
    if (failure != null) {
      tellIfUntold();
      throw failed(failure);
    }
  }

  /// Ends the bus for what has struck a caller, an [OutOfMemoryError] or a [StackOverflowError] in the
  /// worst place, while operations of its own were in flight or it was to wake others: nobody would
  /// wait for those any more, whose memory must not be freed, and others would wait for ever. In a
  /// simulation that ends, this is how its tasks do.
  ///
  /// @return what to throw
  IOException struckBy(Throwable failure) {
    if (hostHasEnded.getAsBoolean()) {
      switch (failure) {
        case Error error -> throw error;
        case RuntimeException exception -> throw exception;
        default -> {}
      }
    }
    set(failure);
    return failed(failure);
  }

  private static IOException failed(Throwable cause) {
    return new IOException(
        "the bus has failed; the outcome of operations in flight is unknown", cause);
  }
}
