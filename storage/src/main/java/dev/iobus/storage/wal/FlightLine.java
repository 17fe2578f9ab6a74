package dev.iobus.storage.wal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Writes that were begun and are not acknowledged yet, in LSN order. What completes is
/// acknowledged when everything before it has completed. Guarded by the log's lock.
final class FlightLine {

  /// A write that takes longer is told of.
  private static final long SLOW_NANOS = 500_000_000;

  private final LogCounts counts;
  private final ArrayDeque<Flight> flights = new ArrayDeque<>();
  private final Overlap overlap = new Overlap();
  private long lastBytes;
  private long begun;
  private long begunWhenWatched;

  FlightLine(LogCounts counts) {
    this.counts = counts;
  }

  /// Puts a write at the end of the line.
  void begin(Flight flight) {
    for (Flight other : flights) {
      if (!other.done) {
        other.accompanied = true;
        flight.accompanied = true;
      }
    }
    if (flight.accompanied) {
      counts.overlapped();
    }
    flights.add(flight);
    lastBytes = flight.bytes();
    begun++;
  }

  /// Takes note that the device is done with a write. Returns whether it took too long, and nobody
  /// was told of it before.
  boolean completed(Flight flight) {
    flight.done = true;
    if (flight.shared) {
      overlap.completed(flight.deviceNanos, flight.accompanied);
    }
    counts.took(flight.deviceNanos);
    return takeIfSlow(flight, flight.endNanos);
  }

  /// Takes note that a write has failed, and is in flight no more. Nothing is acknowledged after it.
  void failed(Flight flight) {
    flight.done = true;
  }

  /// Lets those go that have completed without a gap, and says how far the log has come by them.
  void acknowledge(LogProgress progress) {
    long written = progress.written();
    long durable = progress.durable();
    for (Flight first = flights.peek(); first != null && first.done; first = flights.peek()) {
      flights.poll();
      written = first.endLsn(written);
      if (first.sync) {
        durable = written;
      }
    }
    progress.advance(written, durable);
  }

  /// Whether all writes of so many leaders are in the line, and let others fly along.
  boolean isShared(int writing) {
    for (Flight flight : flights) {
      if (!flight.shared) {
        return false;
      }
    }
    return flights.size() >= writing;
  }

  /// Whether one more write, of `bytes`, gains by not waiting for the last one in the line.
  boolean isWorth(long bytes) {
    Flight ahead = flights.peekLast();
    return ahead != null && overlap.isWorth(bytes, ahead.bytes());
  }

  /// Whether `bytes` are as many as the last write took along: of those who were woken by the write
  /// before it most have come back by then.
  boolean isAsLargeAsLast(long bytes) {
    return bytes >= lastBytes;
  }

  /// Whether writes were begun since this was asked last.
  boolean hasMoved() {
    boolean moved = begun != begunWhenWatched;
    begunWhenWatched = begun;
    return moved;
  }

  /// Writes that have been in flight for too long and were not told of before.
  List<Flight> takeSlow(long now) {
    List<Flight> found = List.of();
    for (Flight flight : flights) {
      if (!flight.done && takeIfSlow(flight, now)) {
        found = new ArrayList<>(found);
        found.add(flight);
      }
    }
    return found;
  }

  private boolean takeIfSlow(Flight flight, long now) {
    if (flight.reportedSlow || now - flight.beginNanos < SLOW_NANOS) {
      return false;
    }
    flight.reportedSlow = true;
    counts.slow();
    return true;
  }
}
