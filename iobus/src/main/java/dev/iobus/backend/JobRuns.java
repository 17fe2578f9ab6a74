package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Runs of linked requests, each a state machine that stands at one member and is carried on by
/// whoever ends that: the submitting thread, a worker, the thread that serves what waits, or a
/// cancel.
///
/// A member that blocks is a worker's, one that can be waited for is tried at once and left to
/// [JobWaits] if it has to wait, and the rest is done on the spot. A failed or short member of a
/// chain cancels what is chained to it, and what is chained to that.
///
/// Invariants.
/// 1. A run is with one thread, or in the pool's queue, or in [JobWaits].
/// 2. A job that was found under the lock is not used for another request while it is held, so the
///    one that was found is the one that is cancelled.
///
/// Thread-safe.
abstract class JobRuns<J extends Job<J>> {

  private final CompletionSink completions;
  private final WorkerPool<J> pool;

  /// All jobs; a request has one from prepare until just before its completion is there.
  private final J[] jobs;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final J[] free;
  private int freeCount;

  /// @param jobs one for each request in flight
  /// @param completions takes the results, from any thread
  JobRuns(J[] jobs, CompletionSink completions, String name, int threadsMax) {
    this.jobs = jobs;
    this.completions = completions;
    free = jobs.clone();
    freeCount = jobs.length;
    pool = new WorkerPool<>(name, threadsMax, job -> carryOn(job, true));
  }

  /// What waits on this backend.
  abstract JobWaits<J, ?> waits();

  /// Looks up what the job names, if that had to wait for those before it in the run.
  abstract void resolve(J job);

  /// Whether the job blocks its thread.
  abstract boolean blocks(J job);

  /// Carries out a job that blocks. Returns its result, or [JobWaits#WAITS].
  abstract int callBlocking(J job);

  /// Whether the job may have to wait for what is told when it is ready.
  abstract boolean mayWait(J job);

  /// Carries out a job that neither blocks nor waits.
  abstract int callAtOnce(J job);

  /// Lets go of what the job holds.
  abstract void release(J job);

  /// A job for a request.
  final J take(Request request) {
    J job;
    lock.lock();
    try {
      if (freeCount == 0) {
        throw new AssertionError("more than " + jobs.length + " requests in flight");
      }
      job = free[--freeCount];
    } finally {
      lock.unlock();
    }
    job.begin(request);
    request.scratch = null;
    job.state.set(Job.QUEUED);
    return job;
  }

  /// Cuts prepared jobs into runs. Those that begin with one that blocks are queued for the
  /// workers; the others are begun at once, after everything before them was queued. Returns 0, or
  /// a negated error number that ends the backend.
  final int start(J[] prepared, int count) {
    J first = null;
    J last = null;
    int queued = 0;
    int index = 0;
    while (index < count) {
      J head = prepared[index++];
      J end = head;
      while (end.link != Link.NONE && index < count) {
        end.next = prepared[index++];
        end = end.next;
      }
      if (blocks(head)) {
        int armed = arm(head);
        if (armed < 0) {
          return armed;
        }
        if (last == null) {
          first = head;
        } else {
          last.nextRun = head;
        }
        last = head;
        queued++;
      } else {
        if (first != null && last != null && !pool.execute(first, last, queued)) {
          return -Errno.ENOMEM;
        }
        first = null;
        last = null;
        queued = 0;
        carryOn(head, false);
      }
    }
    if (first != null && last != null && !pool.execute(first, last, queued)) {
      return -Errno.ENOMEM;
    }
    return 0;
  }

  /// Lets the deadline of a job end it that waits for a worker. Returns 0 or a negated error
  /// number.
  private int arm(J job) {
    return job.timed ? waits().arm(job) : 0;
  }

  /// Carries a run on whose member has waited and ended.
  final void ended(J job) {
    carryOn(finish(job, job.result), false);
  }

  private void carryOn(@Nullable J first, boolean worker) {
    J job = first;
    while (job != null) {
      int result = job.cut ? -Errno.ECANCELED : carryOut(job, worker);
      if (result == JobWaits.WAITS) {
        return;
      }
      job = finish(job, result);
    }
  }

  private int carryOut(J job, boolean worker) {
    resolve(job);
    if (blocks(job)) {
      return worker ? work(job) : handOver(job);
    }
    if (mayWait(job)) {
      return waits().start(job);
    }
    return begins(job) ? call(job) : -Errno.ECANCELED;
  }

  private static boolean begins(Job<?> job) {
    return job.state.compareAndSet(Job.QUEUED, Job.RUNNING);
  }

  private int work(J job) {
    return begins(job) ? callBlocking(job) : -Errno.ECANCELED;
  }

  private int handOver(J job) {
    int armed = arm(job);
    if (armed < 0) {
      return armed;
    }
    return pool.execute(job, job, 1) ? JobWaits.WAITS : -Errno.ENOMEM;
  }

  private int call(J job) {
    return switch (job.request().op) {
      case NOP -> 0;
      case CANCEL -> cancel(job.request().offset);
      default -> callAtOnce(job);
    };
  }

  /// Frees the job, then completes its request: the owner may prepare the next one at once. Returns
  /// the next member of the run.
  private @Nullable J finish(J job, int result) {
    J next = job.next;
    if (next != null) {
      next.cut = job.link == Link.CHAIN && isFailure(job.request(), result);
      next.beginTime();
    }
    long userData = job.userData;
    int flags = job.flags;
    if (job.timed) {
      waits().disarm(job);
    }
    release(job);
    job.end();
    lock.lock();
    try {
      job.state.set(Job.FREE);
      free[freeCount++] = job;
    } finally {
      lock.unlock();
    }
    completions.complete(userData, result, flags);
    return next;
  }

  private static boolean isFailure(Request request, int result) {
    boolean whole =
        switch (request.op) {
          case READ, WRITE, SEND, SEND_MESSAGE -> true;
          case RECV -> request.pool < 0;
          default -> false;
        };
    return result < 0 || (whole && result < request.length);
  }

  /// As IORING_OP_ASYNC_CANCEL: 0 if the target will complete as cancelled, −EALREADY if it runs,
  /// −ENOENT if it has ended or never was. A target that runs and would wait later is refused that.
  private int cancel(long target) {
    J waiting = null;
    lock.lock();
    try {
      J job = find(target);
      if (job == null) {
        return -Errno.ENOENT;
      }
      job.cancelWanted = true;
      boolean cancelled = job.state.compareAndSet(Job.QUEUED, Job.CANCELLED);
      if (!cancelled && waits().withdraw(job)) {
        waiting = job;
      } else {
        return cancelled || job.state.get() == Job.CANCELLED ? 0 : -Errno.EALREADY;
      }
    } finally {
      lock.unlock();
    }
    ended(waiting);
    return 0;
  }

  private @Nullable J find(long target) {
    for (J job : jobs) {
      if (job.state.get() != Job.FREE && job.userData == target) {
        return job;
      }
    }
    return null;
  }

  /// Lets the workers end.
  ///
  /// @param abandon whether not to wait for them
  final void stopWorkers(boolean abandon) {
    pool.stop();
    if (!abandon) {
      pool.join();
    }
  }
}
