package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionSink;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Gives what was prepared to the operating system, and waits for results.
///
/// Confined to the bus thread, but for [#wakeup()].
final class ResultWaits {

  // Constant after construction.
  private final Backend backend;
  private final InFlight flight;
  private final ReadyQueue ready;
  private final DirectResults direct;
  private final Scheduler scheduler;
  private final BusCounts counts;
  private final CompletionSink completion;
  private final AtomicBoolean wakeupAsked = new AtomicBoolean();

  // Owned by the bus thread.
  /// Requests that were prepared and not yet submitted.
  private int unsubmitted;

  /// How many waits have begun: one that finds another than its own was overtaken by a sink's, which
  /// has taken results that it would wait for, or has closed the bus.
  private int begun;

  /// What ended the ring; nothing can be submitted any more.
  private @Nullable BusException failure;

  /// @param flight resumed before each wait
  /// @param completion takes what comes, into `ready`
  ResultWaits(
      Backend backend,
      InFlight flight,
      ReadyQueue ready,
      DirectResults direct,
      Scheduler scheduler,
      BusCounts counts,
      CompletionSink completion) {
    this.backend = backend;
    this.flight = flight;
    this.ready = ready;
    this.direct = direct;
    this.scheduler = scheduler;
    this.counts = counts;
    this.completion = completion;
  }

  boolean hasFailed() {
    return failure != null;
  }

  /// Takes into account that requests were prepared.
  void prepared(int count) {
    unsubmitted += count;
  }

  /// Gives all that was placed to the operating system.
  void submit() throws IOException {
    submitted();
    check(backend.submit());
  }

  /// Before the call, as a sink may prepare more in it.
  private void submitted() {
    flight.placing().settle();
    counts.submitted(unsubmitted);
    unsubmitted = 0;
  }

  /// Submits, then waits until `minimum` results are there, the time has passed or a wake-up has
  /// come, which it uses up. Up to `maximum` of them go straight to the sink, where they can; the
  /// others are ready. Returns how many went.
  int await(int minimum, int maximum, long timeoutNanos, ResultSink sink) throws IOException {
    return awaitDirect(minimum, timeoutNanos, direct.begin(sink, maximum));
  }

  /// As above, to the visitor of the dispatch under way.
  int await(int minimum, int maximum, long timeoutNanos, Visits visits) throws IOException {
    return awaitDirect(minimum, timeoutNanos, direct.begin(visits, maximum));
  }

  private int awaitDirect(int minimum, long timeoutNanos, int before) throws IOException {
    int passed = 0;
    try {
      await(minimum, timeoutNanos, true, before);
    } catch (IOException | RuntimeException | Error e) {
      direct.suppressIn(e);
      throw e;
    } finally {
      passed = direct.end(before);
    }
    direct.throwAgain();
    return passed;
  }

  /// Submits, then waits until `minimum` results are ready or the time has passed.
  ///
  /// @param stopAtWakeup whether a wake-up ends the wait, and is used up by it
  void await(int minimum, long timeoutNanos, boolean stopAtWakeup) throws IOException {
    await(minimum, timeoutNanos, stopAtWakeup, direct.none());
  }

  private void await(int minimum, long timeoutNanos, boolean stopAtWakeup, int before)
      throws IOException {
    int self = ++begun;
    int bySink = 0;
    boolean forever = timeoutNanos == Long.MAX_VALUE;
    boolean polls = timeoutNanos <= 0 || minimum == 0;
    long start = forever || polls ? 0 : scheduler.nanoTime();
    long left = polls ? 0 : timeoutNanos;
    boolean waits = true;
    while (waits) {
      flight.resume();
      int missing = minimum - ready.size() - direct.since(before);
      boolean woken = stopAtWakeup && wakeupAsked.get() && wakeupAsked.getAndSet(false);
      if (missing <= 0 && minimum > 0) {
        submitBeyond(bySink);
        return;
      }
      boolean last = woken || left <= 0;
      submitted();
      check(
          backend.submitAndAwait(
              last ? 0 : missing, last ? 0 : flight.limited(left), completion));
      if (begun != self || direct.hasThrown()) {
        return;
      }
      if (minimum > 0 && direct.since(before) >= minimum && !flight.needsResume()) {
        return;
      }
      flight.placing().settle();
      bySink = unsubmitted;
      if (!forever && !polls) {
        left = timeoutNanos - (scheduler.nanoTime() - start);
      }
      waits = !last;
    }
    flight.resume();
    submitBeyond(bySink);
  }

  /// Submits, then waits until `batch` results are ready, or `minWaitNanos` have passed and one is,
  /// or `timeoutNanos` have passed, or until a wake-up, which it uses up.
  void awaitBatch(int batch, long minWaitNanos, long timeoutNanos) throws IOException {
    direct.none();
    begun++;
    long start = scheduler.nanoTime();
    boolean waits = true;
    while (waits) {
      flight.resume();
      int missing = batch - ready.size();
      boolean woken = wakeupAsked.get() && wakeupAsked.getAndSet(false);
      long passed = scheduler.nanoTime() - start;
      long left = timeoutNanos == Long.MAX_VALUE ? timeoutNanos : timeoutNanos - passed;
      long batchLeft = Math.min(minWaitNanos - passed, left);
      if (missing <= 0 || (batchLeft <= 0 && !ready.isEmpty())) {
        submitIfNeeded();
        return;
      }
      waits = !woken && left > 0;
      submitted();
      if (!waits) {
        check(backend.submitAndAwait(0, 0, completion));
      } else if (batchLeft <= 0) {
        check(backend.submitAndAwait(1, flight.limited(left), completion));
      } else {
        // With one ready already there is nothing to wait for behind the batch.
        long limit = Math.max(1, flight.limited(ready.isEmpty() ? left : batchLeft));
        check(backend.submitAndAwait(missing, Math.min(batchLeft, limit), limit, completion));
      }
    }
    flight.resume();
    submitIfNeeded();
  }

  private void submitIfNeeded() throws IOException {
    submitBeyond(0);
  }

  /// Submits if there is more than so much, which a sink has prepared and waits for the next call.
  private void submitBeyond(int prepared) throws IOException {
    flight.placing().settle();
    if (unsubmitted > prepared) {
      submit();
    }
  }

  /// Submits, then waits for one result, or for none if one is ready, or until the time has passed.
  void awaitAny(long timeoutNanos) throws IOException {
    direct.none();
    begun++;
    flight.resume();
    submitted();
    check(backend.submitAndAwait(ready.isEmpty() ? 1 : 0, timeoutNanos, completion));
  }

  void wakeup() {
    if (!wakeupAsked.getAndSet(true)) {
      backend.wakeup();
    }
  }

  private void check(int result) throws IOException {
    BusException first = failure;
    if (first == null && result < 0) {
      first = BusException.of("submit", "the bus", result, null);
      failure = first;
      throw first;
    }
    if (first != null) {
      throw new IOException("the bus has failed before and can only be closed", first);
    }
  }
}
