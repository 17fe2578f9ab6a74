package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.uring.CompletionQueue;
import dev.iobus.uring.Ring;
import dev.iobus.uring.SubmissionQueue;
import org.jspecify.annotations.Nullable;

/// The side of a ring where results come out: one thread at a time waits for them and passes them on.
///
/// Invariant: an entry of the completion queue is copied out before the sink is called, and its place
/// given back at the end of the batch, or in the shared mode, where whoever is told of it may submit
/// at once, before the call. What a sink that throws did not see is passed on by the next call, and
/// what one that waits itself has taken counts for the wait that called it.
final class UringReaper {

  // Constant after construction.
  private final boolean shared;
  private final Ring ring;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final UringSubmitter submitter;
  private final RequestEncoder encoder;
  private final InFlightTable inFlight;
  private final UringPools pools;
  private final WakeupPoll poll;

  // Owned by the reaping thread.
  /// What another bus polls, once it was asked for.
  private @Nullable WakeupEvent notice;

  /// Of the completions that were taken: how many were not of plain requests; and of no request, so
  /// that they are not passed on. They overflow.
  private int otherTaken;

  private int untold;

  private boolean stopped;

  UringReaper(
      boolean shared,
      Ring ring,
      UringSubmitter submitter,
      RequestEncoder encoder,
      InFlightTable inFlight,
      UringPools pools,
      WakeupPoll poll) {
    this.shared = shared;
    this.ring = ring;
    this.submitter = submitter;
    this.encoder = encoder;
    this.inFlight = inFlight;
    this.pools = pools;
    this.poll = poll;
    submissions = ring.submissions();
    completions = ring.completions();
  }

  /// Clears an event from now on before it looks for results.
  void clears(WakeupEvent event) {
    notice = event;
  }

  /// Takes nothing more, also where a sink has asked for the end in the middle of a batch.
  void stop() {
    stopped = true;
    completions.forget();
  }

  /// As [Backend#await].
  int await(int minimum, long timeoutNanos, CompletionSink sink) {
    return waitFor(minimum, timeoutNanos, sink, 0);
  }

  /// As [Backend#submitAndAwait(int, long, CompletionSink)].
  int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    assert !shared;
    encoder.endRun();
    submissions.publishTail();
    int toSubmit = submissions.unconsumed();
    boolean ready = minimum <= 0 || timeoutNanos <= 0 || poll.hasFired();
    if (ready || toSubmit == 0) {
      int answer = submit();
      return answer < 0 ? answer : waitFor(minimum, timeoutNanos, sink, 0);
    }
    boolean timed = timeoutNanos != Long.MAX_VALUE;
    long start = timed ? System.nanoTime() : 0;
    int answer = ring.submitAndWait(toSubmit, timeoutNanos);
    int error = answer == toSubmit ? 0 : submitRest(answer);
    if (error < 0) {
      return error;
    }
    poll.armIfWanted();
    int passed = passOn(sink, minimum);
    if (passed >= minimum) {
      poll.clear();
      return passed;
    }
    long left =
        timed
            ? Math.max(0, timeoutNanos - (System.nanoTime() - start))
            : Long.MAX_VALUE;
    return waitFor(minimum, left, sink, passed);
  }

  /// As [Backend#submitAndAwait(int, long, long, CompletionSink)]: one system call, which wakes the
  /// thread once for the batch.
  int submitAndAwait(
      int batch, long minWaitNanos, long timeoutNanos, CompletionSink sink) {
    assert !shared;
    encoder.endRun();
    submissions.publishTail();
    if (poll.hasFired()) {
      return submitAndAwait(0, 0, sink);
    }
    int answer =
        ring.submitAndWait(submissions.unconsumed(), batch, minWaitNanos, timeoutNanos);
    int error = submitRest(answer);
    if (error < 0) {
      return error;
    }
    poll.armIfWanted();
    int passed = passOn(sink, 0);
    poll.clear();
    return passed == 0 && poll.failure() != 0 ? poll.failure() : passed;
  }

  /// As [Backend#drain].
  int drain(CompletionSink sink) {
    return passOn(sink, 0);
  }

  /// Submits what a call that submits and waits has left. Returns a negated error number when the
  /// results cannot be taken, else 0.
  ///
  /// @param answer of that call
  private int submitRest(int answer) {
    if (submissions.unconsumed() > 0) {
      boolean split = answer > 0 && submissions.splitsRun();
      return split ? -Errno.EAGAIN : Math.min(0, submit());
    }
    return UringSubmitter.isTransient(answer) ? 0 : answer;
  }

  private int submit() {
    int answer = submitter.submit();
    poll.armIfWanted();
    return answer;
  }

  /// Waits for one result at a time, as only so a wake-up ends the wait however many are asked
  /// for.
  private int waitFor(int minimum, long timeoutNanos, CompletionSink sink, int already) {
    int passed = already + passOn(sink, minimum - already);
    long start = timeoutNanos == Long.MAX_VALUE ? 0 : System.nanoTime();
    long left = timeoutNanos;
    while (passed < minimum && !poll.hasFired() && left > 0 && poll.failure() == 0 && !stopped) {
      int answer = ring.submitAndWait(0, left);
      if (!UringSubmitter.isTransient(answer)) {
        return passed > 0 ? passed : answer;
      }
      if (answer == -Errno.EAGAIN || answer == -Errno.EBUSY) {
        UringSubmitter.pause();
      }
      passed += passOn(sink, minimum - passed);
      if (timeoutNanos != Long.MAX_VALUE) {
        left = timeoutNanos - (System.nanoTime() - start);
      }
    }
    poll.clear();
    return passed == 0 && poll.failure() != 0 ? poll.failure() : passed;
  }

  /// Passes on what is there now: what results bring about is left for the next call. Returns how
  /// many were, also by calls that the sink has made.
  ///
  /// @param missing with how many the wait ends
  private int passOn(CompletionSink sink, int missing) {
    if (stopped) {
      return 0; // By a sink.
    }
    WakeupEvent event = notice;
    if (event != null) {
      event.clear(); // Before the queue is emptied: what comes after that signals again.
    }
    if (ring.needsFlush()) {
      ring.flush();
    }
    int before = told();
    if (completions.lookAcquire() >= missing) {
      sink.endsWait();
    }
    try {
      if (shared) {
        passAll(sink);
      } else {
        passOwned(sink);
      }
    } finally {
      if (!shared && !stopped) {
        completions.publishHead();
      }
    }
    return told() - before;
  }

  private void passOwned(CompletionSink sink) {
    while (completions.hasNext()) {
      long place = completions.take();
      long token = completions.userData(place);
      long outcome = completions.outcome(place);
      if (!sink.completePlain(token, CompletionQueue.result(outcome))) {
        passOn(token, outcome, sink);
      }
    }
  }

  private void passAll(CompletionSink sink) {
    while (completions.hasNext()) {
      long place = completions.take();
      passOn(completions.userData(place), completions.outcome(place), sink);
    }
  }

  private void passOn(long token, long outcome, CompletionSink sink) {
    if (shared) {
      completions.publishHead(); // Others submit as soon as they are told of this one.
    }
    int result = CompletionQueue.result(outcome);
    int flags = CompletionQueue.flags(outcome);
    if (RequestQueue.isPlain(token)) {
      sink.complete(token, result, flags);
      return;
    }
    otherTaken++;
    if (token == WakeupPoll.TOKEN) {
      untold++;
      completions.publishHead(); // A kernel whose queue is full may refuse to take more.
      poll.complete(result, flags);
    } else if (token == UringBackend.DEADLINE) {
      untold++;
    } else {
      passOn(token, result, flags, sink);
    }
  }

  private void passOn(long token, int result, int flags, CompletionSink sink) {
    Request request = inFlight.get(token);
    int finished = encoder.finish(request, token, result);
    int told = pools.flags(request, finished, flags);
    if (CompletionFlags.isFinal(told)) {
      inFlight.remove();
    }
    sink.complete(token, finished, told);
  }

  /// How many completions were passed on since the beginning; overflows.
  private int told() {
    return completions.taken() - untold;
  }

  /// How many of them ended plain requests.
  int plainTaken() {
    return completions.taken() - otherTaken;
  }
}
