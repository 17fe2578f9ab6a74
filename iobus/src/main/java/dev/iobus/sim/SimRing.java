package dev.iobus.sim;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.util.ArrayList;
import java.util.List;

/// Requests of one ring between submission and completion. Those that are not linked end in any
/// order.
///
/// Confined to the holder of the baton.
final class SimRing {

  private final int capacity;
  private final Baton baton;
  private final SimKernel kernel;
  private final SimClock clock;
  private final SimCompletions completions;
  private final SimSlots slots = new SimSlots();
  private final List<SimJob> submitted = new ArrayList<>();

  SimRing(int capacity, Baton baton, SimKernel kernel, SimClock clock) {
    this.capacity = capacity;
    this.baton = baton;
    this.kernel = kernel;
    this.clock = clock;
    completions = new SimCompletions(baton, kernel.network());
  }

  SimCompletions completions() {
    return completions;
  }

  SimSlots slots() {
    return slots;
  }

  /// Looks up what a job names, and holds on to it.
  void resolve(SimJob job) {
    int file = job.request.file;
    SimDescription open = job.request.fixedFile ? slots.get(file) : kernel.descriptors().get(file);
    if (open != null) {
      open.retain();
      job.file = open;
    }
  }

  /// Takes jobs over, in order; links tie them into runs.
  void submit(List<SimJob> jobs) {
    submitted.addAll(jobs);
    SimJob previous = null;
    for (SimJob job : jobs) {
      kernel.submitted();
      if (previous != null && previous.link != Link.NONE) {
        previous.next = job;
      } else {
        start(job);
      }
      previous = job;
    }
  }

  private void start(SimJob job) {
    if (job.resolvesLate) {
      resolve(job);
    }
    long now = baton.nowNanos();
    if (job.op == Op.TIMEOUT) {
      baton.at(timeout(job.request, now), () -> end(job));
      return;
    }
    if (!job.cut) {
      kernel.begin(job);
      if (job.request.timeoutNanos > 0) {
        baton.at(timeout(job.request, now), () -> cancel(job));
      }
    }
    baton.at(now + clock.latencyNanos(job), () -> end(job));
  }

  private static long timeout(Request request, long now) {
    return request.hasDeadline ? Math.max(now, request.deadlineNanos) : now + request.timeoutNanos;
  }

  private void end(SimJob job) {
    if (job.ended) {
      return;
    }
    int result;
    if (job.cut) {
      result = -Errno.ECANCELED;
    } else if (job.op == Op.TIMEOUT) {
      result = 0;
    } else if (job.op == Op.CANCEL) {
      result = cancel(job.request.offset);
    } else {
      result = kernel.execute(job, clock.wallMillis());
      if (isOver()) {
        return;
      }
    }
    if (result != SimWaits.WAITS) {
      ended(job, result);
    }
  }

  /// Whether power is lost, so that nobody will know of what has just happened.
  private boolean isOver() {
    if (kernel.losesPower()) {
      baton.end();
    }
    return kernel.losesPower();
  }

  /// As IORING_OP_ASYNC_CANCEL.
  private int cancel(long target) {
    for (SimJob job : submitted) {
      if (job.userData == target && job.op != Op.CANCEL) {
        return cancel(job) ? 0 : -Errno.EALREADY;
      }
    }
    return -Errno.ENOENT;
  }

  /// What waits is always found; what is being carried out goes on, as a rule, and may not wait any
  /// more.
  private boolean cancel(SimJob job) {
    if (job.ended) {
      return false;
    }
    if (job.waits) {
      kernel.network().waits().withdraw(job);
      ended(job, job.whatWasMoved());
      return true;
    }
    if (job.op != Op.TIMEOUT && baton.random().nextInt(3) == 0) {
      job.mayNotWait = true;
      return false;
    }
    kernel.abandon(job);
    if (isStarted(job)) {
      ended(job, -Errno.ECANCELED);
    } else {
      job.cut = true; // It ends when its turn comes.
    }
    return true;
  }

  /// Whether it is not behind another one that has not ended.
  private boolean isStarted(SimJob job) {
    for (SimJob other : submitted) {
      if (other.next == job) {
        return false;
      }
    }
    return true;
  }

  /// Completes a job that has ended, and goes on with its run.
  void ended(SimJob job, int result) {
    if (isOver()) {
      return;
    }
    job.ended = true;
    submitted.remove(job);
    SimDescription file = job.file;
    if (file != null) {
      file.release();
    }
    if (job.keepsMemory(result, baton.random())) {
      completions.add(job.userData, result, CompletionFlags.MORE);
      later(job, () -> giveBack(job));
    } else {
      job.giveBack();
      kernel.ended();
      completions.add(job.userData, result, job.flags);
      if (job.toldTwice) {
        later(job, () -> completions.add(job.userData, result, job.flags));
      }
    }
    SimJob next = job.next;
    if (next != null) {
      next.cut |= job.link == Link.CHAIN && job.isFailure(result);
      start(next);
    }
  }

  private void later(SimJob job, Runnable action) {
    baton.at(baton.nowNanos() + clock.latencyNanos(job), action);
  }

  /// The network is through with what was sent without a copy.
  private void giveBack(SimJob job) {
    job.giveBack();
    kernel.ended();
    completions.add(job.userData, 0, CompletionFlags.NOTIFICATION);
  }

  /// Tells one of several results.
  void tell(long userData, int result, int flags) {
    if (!isOver()) {
      completions.add(userData, result, flags);
    }
  }

  /// Whether there is no room for one of several results: the completion queue has twice as many
  /// places as there are requests.
  boolean isFull() {
    return completions.size() >= 2 * capacity;
  }

  /// Lets go of everything.
  void close() {
    for (SimJob job : List.copyOf(submitted)) {
      if (job.waits) {
        kernel.network().waits().withdraw(job);
      }
      job.ended = true;
    }
    slots.freeAll();
  }
}
