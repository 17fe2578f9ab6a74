package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.uring.SubmissionQueue;
import java.util.function.BooleanSupplier;

/// The poll of an eventfd that stands in a ring, so that a signal of any thread ends the wait of
/// the one that reaps: a multishot one, or before Linux 5.13 one that is armed again each time.
///
/// The kernel cancels it when the thread that submitted it ends, so whoever reaps arms it anew.
final class WakeupPoll {

  /// `user_data` of its completions; no number of a request reaches so far.
  static final long TOKEN = 1L << 30;

  // Constant after construction.
  private final WakeupEvent event;
  private final UringSubmitter submitter;
  private final SubmissionQueue submissions;
  private final BooleanSupplier fill = this::fill;

  /// Owned by the reaping thread: whether it has fired since the last [#clear].
  private boolean fired;

  /// The negated error number that ended the poll for good; the next wait reports it.
  private volatile int failure;

  /// Whether one poll reports every wake-up, until the kernel has refused it.
  private volatile boolean multishot = true;

  /// Set by the reaper when the poll has ended; served by whoever submits next.
  private volatile boolean wanted = true;

  WakeupPoll(WakeupEvent event, UringSubmitter submitter, SubmissionQueue submissions) {
    this.event = event;
    this.submitter = submitter;
    this.submissions = submissions;
  }

  boolean isMultishot() {
    return multishot;
  }

  /// Whether it was woken since the last [#clear].
  boolean hasFired() {
    return fired;
  }

  void clear() {
    fired = false;
  }

  int failure() {
    return failure;
  }

  /// Takes a completion of it: it has fired or ended.
  void complete(int result, int flags) {
    if (result >= 0) {
      event.clear();
      fired = true;
    } else if (result == -Errno.EINVAL && multishot) {
      multishot = false;
    } else if (result != -Errno.ECANCELED) {
      failure = result;
      return;
    }
    if ((flags & IORING_CQE_F_MORE) == 0) {
      wanted = true;
      arm();
    }
  }

  /// Puts the poll into the ring if it is wanted, nobody is in the middle of a run and nobody
  /// submits; whoever does, looks again when done.
  void armIfWanted() {
    if (wanted) {
      arm();
    }
  }

  private void arm() {
    int answer = 0;
    while (wanted && answer <= 0) {
      answer = submitter.trySubmit(fill);
      if (answer < 0) {
        failure = answer;
      }
    }
  }

  /// Under the submitter's lock, which another may have had since it was found to be wanted.
  private boolean fill() {
    if (!wanted) {
      return false;
    }
    wanted = false;
    int again = multishot ? IORING_POLL_ADD_MULTI : 0;
    submissions.push(
        IORING_OP_POLL_ADD, 0, event.descriptor(), 0, 0, again, POLLIN, 0, TOKEN);
    return true;
  }
}
