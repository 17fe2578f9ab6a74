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

  /// Of the dispatch under way: where results go, if not to its visitor.
  private @Nullable ResultSink sink;

  private @Nullable Visits visits;

  /// Up to what [#passed()] the dispatch under way lets results go this way; 0 if not at all.
  private int most;

  /// How many more may go this way; 0 while it is closed.
  private int left;

  /// How many might when it was opened, and how many had gone before: of the dispatch under way and of
  /// those that it is nested in.
  private int opened;

  private int passedBefore;

  /// Up to where [#passed()] was counted by [#takeUncounted()], and what was not before the count went
  /// back.
  private int counted;

  private int uncounted;

  private @Nullable Throwable thrown;

  /// Begins a wait of a dispatch with a sink. Returns what [#end] takes.
  @SuppressWarnings("ReferenceEquality") // A store costs the collector's barrier.
  int begin(ResultSink to, int maximum) {
    if (sink != to) {
      sink = to;
    }
    if (visits != null) {
      visits = null;
    }
    return begin(maximum);
  }

  /// As above, of a dispatch with a visitor.
  int begin(Visits to, int maximum) {
    if (visits == null) {
      visits = to;
    }
    return begin(maximum);
  }

  private int begin(int maximum) {
    close();
    most = passedBefore + maximum;
    return passedBefore;
  }

  /// Begins a wait whose results all go through the queue. Returns what went this way before it.
  int none() {
    close();
    most = 0;
    return passedBefore;
  }

  /// Ends the wait that began with `before`. Returns how many results its sink was passed.
  int end(int before) {
    none();
    int count = passedBefore - before;
    uncounted += passedBefore - counted;
    passedBefore = before;
    counted = before;
    return count;
  }

  /// How many went this way since the last call, whichever dispatch they belong to.
  int takeUncounted() {
    int count = uncounted + passed() - counted;
    uncounted = 0;
    counted = passed();
    return count;
  }

  private int passed() {
    return passedBefore + opened - left;
  }

  /// How many went this way since a wait began with `before`.
  int since(int before) {
    return passed() - before;
  }

  /// Opens the way, as nothing stands in the queue and the wait is over.
  void open() {
    close();
    left = Math.max(0, most - passedBefore);
    opened = left;
  }

  /// Closes it: something stands in the queue, which comes first.
  void close() {
    passedBefore = passed();
    opened = 0;
    left = 0;
  }

  boolean isOpen() {
    return left > 0;
  }

  /// The visits of the dispatch under way, if it has a visitor.
  @Nullable Visits visits() {
    return visits;
  }

  /// Counts a result that goes this way, as it is open.
  void count() {
    left--;
  }

  /// Passes on the result of an operation that ends with it, and was counted.
  void pass(Handle handle) {
    try {
      Objects.requireNonNull(sink).accept(handle.result);
    } catch (Throwable t) {
      keep(t);
    }
  }

  /// Keeps what a sink has thrown until the dispatch throws it.
  void keep(Throwable t) {
    none();
    thrown = t;
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

  /// Throws it as it is, also what only a language without checked exceptions lets a sink throw.
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void throwAs(Throwable t) throws T {
    throw (T) t;
  }
}
