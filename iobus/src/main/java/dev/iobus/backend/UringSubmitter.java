package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import dev.iobus.uring.Ring;
import dev.iobus.uring.SubmissionQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// The side of a ring where requests go in: one thread at a time, by a lock, which costs the owner
/// of a ring nothing beside the system call.
///
/// Invariant: after a refused submission the kernel's own head says what is left, so that nothing
/// is lost and nothing is submitted twice.
final class UringSubmitter {

  private static final int REFUSALS_AT_ONCE = 16;

  /// Slept in the kernel: a virtual thread that parked would hold the submit lock or the reaper's
  /// role until it gets a carrier, which those may keep who wait for it.
  private static final long REFUSAL_PAUSE_NANOS = 50_000;

  private static final long REFUSAL_LIMIT_NANOS = 10_000_000_000L;

  // Constant after construction.
  private final Ring ring;
  private final SubmissionQueue submissions;

  // Guarded by lock in the shared mode, owned by the owner otherwise.
  private final ReentrantLock lock = new ReentrantLock();
  private final RequestEncoder encoder;

  UringSubmitter(Ring ring, RequestEncoder encoder) {
    this.ring = ring;
    this.encoder = encoder;
    submissions = ring.submissions();
  }

  /// Fills an entry for a request of any thread.
  void prepareLocked(Request request) {
    lock.lock();
    try {
      encoder.fill(request);
    } finally {
      lock.unlock();
    }
  }

  /// Submits until the kernel has taken everything. Returns 0 or a negated error number.
  int submit() {
    lock.lock();
    try {
      return submitAll();
    } finally {
      lock.unlock();
    }
  }

  /// Fills and submits one entry that belongs to no request, if nobody submits and nobody is in the
  /// middle of a run. Returns 0 or a negated error number, or 1 where somebody is, who looks for what
  /// is left to do when done.
  ///
  /// @param fill called under the lock; whether it has filled an entry
  int trySubmit(BooleanSupplier fill) {
    if (!lock.tryLock()) {
      return 1;
    }
    try {
      if (encoder.runOpen() || submissions.room() == 0) {
        return 1;
      }
      if (!fill.getAsBoolean()) {
        return 0;
      }
      encoder.filledOther();
      return submitAll();
    } finally {
      lock.unlock();
    }
  }

  private int submitAll() {
    encoder.endRun();
    submissions.publishTail();
    int refusals = 0;
    long firstRefusal = 0;
    while (true) {
      int left = submissions.unconsumed();
      if (left == 0) {
        return 0;
      }
      int answer = refusals == 0 ? ring.submit(left) : ring.submitAndFlush(left);
      if (answer > 0) {
        if (submissions.splitsRun()) {
          return -Errno.EAGAIN;
        }
        refusals = 0;
        continue;
      }
      if (answer < 0 && !isTransient(answer)) {
        return answer;
      }
      // EAGAIN and EBUSY end when requests in flight do; in the shared mode the reaper sees to it.
      if (refusals++ == 0) {
        firstRefusal = System.nanoTime();
      } else if (System.nanoTime() - firstRefusal > REFUSAL_LIMIT_NANOS) {
        return answer == 0 ? -Errno.EAGAIN : answer;
      }
      if (refusals > REFUSALS_AT_ONCE) {
        pause();
      }
    }
  }

  /// Lets the kernel progress that has refused something for a moment.
  static void pause() {
    Libc.sleep(REFUSAL_PAUSE_NANOS);
  }

  /// Whether an answer to an enter is no failure of the ring.
  static boolean isTransient(int answer) {
    return answer >= 0
        || answer == -Errno.EINTR
        || answer == -Errno.EAGAIN
        || answer == -Errno.EBUSY
        || answer == -Errno.ETIME;
  }
}
