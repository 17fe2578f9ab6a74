package dev.iobus.sim;

import java.util.Comparator;
import java.util.PriorityQueue;

/// What will happen at a moment of virtual time. Events of one moment come in the order in which
/// they were added. Confined to the holder of the baton.
final class SimEvents {

  private record Event(long nanos, long number, Runnable action) {}

  private final PriorityQueue<Event> queue =
      new PriorityQueue<>(Comparator.comparingLong(Event::nanos).thenComparingLong(Event::number));
  private long added;

  void add(long nanos, Runnable action) {
    queue.add(new Event(nanos, added++, action));
  }

  /// When the next event is; [Long#MAX_VALUE] when there is none.
  long nextNanos() {
    Event next = queue.peek();
    return next == null ? Long.MAX_VALUE : next.nanos;
  }

  /// Takes the next event; there must be one.
  Runnable remove() {
    return queue.remove().action;
  }
}
