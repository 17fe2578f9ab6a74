package dev.iobus;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The short way of results, from the backend to the sink of the dispatch that waits for them: taken
/// by those of plain operations when the wait is over and nothing stands in the [ReadyQueue], so
/// that the order stays what it is. All others go through the queue.
///
/// A sink may throw, may dispatch itself, and may close the bus. What it throws is kept until the
/// backend has passed on what it has, which then stands in the queue for the next dispatch. A wait
/// that begins meanwhile ends the short way.
///
/// Confined to the bus thread.
final class DirectResults {

  private @Nullable ResultSink sink;

  /// Up to what [#passed] the dispatch under way lets results go this way; 0 if not at all.
  private int most;

  /// The same while the way is open, else 0.
  private int limit;

  /// How many went this way, of the dispatch under way and of those that it is nested in.
  private int passed;

  private @Nullable Throwable thrown;

  /// Begins a wait of a dispatch with a sink. Returns what [#end] takes.
  @SuppressWarnings("ReferenceEquality") // A store costs the collector's barrier.
  int begin(ResultSink to, int maximum) {
    limit = 0;
    if (sink != to) {
      sink = to;
    }
    most = passed + maximum;
    return passed;
  }

  /// Begins a wait whose results all go through the queue. Returns what went this way before it.
  int none() {
    limit = 0;
    most = 0;
    return passed;
  }

  /// Ends the wait that began with `before`. Returns how many results its sink was passed.
  int end(int before) {
    int count = passed - before;
    passed = before;
    none();
    return count;
  }

  /// How many went this way since a wait began with `before`.
  int since(int before) {
    return passed - before;
  }

  /// Opens the way, as nothing stands in the queue and the wait is over.
  void open() {
    limit = most;
  }

  /// Closes it: something stands in the queue, which comes first.
  void close() {
    limit = 0;
  }

  boolean isOpenTo(Handle handle) {
    return passed < limit && handle.callback == null;
  }

  /// Passes on the result of a plain operation, to which the way is open.
  void pass(Handle handle) {
    passed++;
    handle.dispatched = true;
    try {
      Objects.requireNonNull(sink).accept(handle.result);
    } catch (Throwable t) {
      none();
      thrown = t;
    }
  }

  /// Whether the sink has thrown something that the dispatch has not thrown yet.
  boolean hasThrown() {
    return thrown != null;
  }

  /// Throws what the sink has thrown.
  void throwAgain() throws IOException {
    Throwable t = thrown;
    if (t != null) {
      thrown = null;
      throwAs(t);
    }
  }

  /// Adds what the sink has thrown to what has ended the wait.
  void suppressIn(Throwable failure) {
    if (thrown != null) {
      failure.addSuppressed(thrown);
      thrown = null;
    }
  }

  /// A sink throws unchecked alone, and what a language without checked exceptions lets it.
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void throwAs(Throwable t) throws T {
    throw (T) t;
  }
}
