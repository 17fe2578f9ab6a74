package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.posix.Errno;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Carries runs of linked requests out, each in order, on whatever thread its next member needs:
/// calls that block on a worker, those that do not on the thread that comes by. A member whose
/// descriptor is not ready leaves its run standing until it is.
///
/// Invariants.
/// 1. A run is with one thread, or in the pool's queue, or in [DescriptorWaits].
/// 2. A job that was found under the lock is not used for another request while it is held, so the
///    one that was found is the one that is cancelled.
///
/// Thread-safe.
final class KqueueRuns {

  /// What [#call] answers for a job that waits and is another's now; no error number.
  private static final int WAITS = Integer.MIN_VALUE;

  // Constant after construction.
  private final KqueueJob[] jobs;
  private final DescriptorWaits waits;
  private final KqueueCompletions completions;
  private final WorkerPool<KqueueJob> pool;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final KqueueJob[] free;
  private int freeCount;

  /// @param jobs all there are: one for each request in flight
  KqueueRuns(
      KqueueJob[] jobs,
      DescriptorWaits waits,
      KqueueCompletions completions,
      String name,
      int threadsMax) {
    this.jobs = jobs;
    this.waits = waits;
    this.completions = completions;
    pool = new WorkerPool<>(name, threadsMax, this::work);
    free = jobs.clone();
    freeCount = jobs.length;
  }

  /// A job for the request, whose descriptor stays open until the job has ended.
  KqueueJob take(Request request) {
    KqueueJob job;
    lock.lock();
    try {
      if (freeCount == 0) {
        throw new AssertionError("more than " + jobs.length + " requests in flight");
      }
      job = free[--freeCount];
    } finally {
      lock.unlock();
    }
    job.request = request;
    job.userData = request.userData;
    job.link = request.link;
    job.usesFile = namesFile(request.op) && Descriptors.retain(request.file);
    job.stream = false;
    job.cut = false;
    job.cancelWanted = false;
    job.next = null;
    job.nextRun = null;
    request.scratch = null;
    job.state.set(KqueueJob.QUEUED);
    return job;
  }

  /// Cuts prepared jobs into runs and starts them: those that begin with a call that blocks
  /// together, on workers. Returns 0, or −ENOMEM if there is no thread and none can be started.
  int start(KqueueJob[] prepared, int count) {
    KqueueJob first = null;
    KqueueJob last = null;
    int queued = 0;
    int index = 0;
    while (index < count) {
      KqueueJob head = prepared[index++];
      KqueueJob end = head;
      while (end.link != Link.NONE && index < count) {
        end.next = prepared[index++];
        end = end.next;
      }
      if (blocks(head)) {
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
        advance(head, false);
      }
    }
    if (first != null && last != null && !pool.execute(first, last, queued)) {
      return -Errno.ENOMEM;
    }
    return 0;
  }

  private static boolean namesFile(Op op) {
    return switch (op) {
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT -> true;
      default -> false;
    };
  }

  /// Whether the call of a job may keep its thread for a while.
  private static boolean blocks(KqueueJob job) {
    return switch (job.request().op) {
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, OPEN, CLOSE, TRUNCATE, ALLOCATE, ADVISE,
          RENAME, UNLINK, LINK, CREATE_DIRECTORY, STAT ->
          true;
      default -> false;
    };
  }

  private void work(KqueueJob first) {
    advance(first, true);
  }

  /// Carries a run on from `first`.
  ///
  /// @param mayBlock whether this is a worker
  private void advance(@Nullable KqueueJob first, boolean mayBlock) {
    KqueueJob job = first;
    while (job != null) {
      if (!mayBlock && !job.cut && blocks(job)) {
        if (pool.execute(job, job, 1)) {
          return;
        }
        job = end(job, -Errno.ENOMEM);
      } else if (job.state.compareAndSet(KqueueJob.QUEUED, KqueueJob.RUNNING) && !job.cut) {
        int result = call(job);
        if (result == WAITS) {
          return;
        }
        job = end(job, result);
      } else {
        job = end(job, -Errno.ECANCELED);
      }
    }
  }

  /// Carries on the run of a job that has waited, on the reaper's thread.
  void resume(KqueueJob job) {
    int result = transfer(job, true);
    if (result != WAITS) {
      advance(end(job, result), false);
    }
  }

  private int call(KqueueJob job) {
    Request request = job.request();
    if (namesFile(request.op) && !job.usesFile) {
      return -Errno.EBADF;
    }
    if (request.timeoutNanos > 0) {
      return -Errno.EOPNOTSUPP; // Never ignored: whoever set a deadline relies on it.
    }
    return switch (request.op) {
      case NOP -> 0;
      case CANCEL -> cancel(request.offset);
      case READ, WRITE -> {
        int result = PosixFiles.call(request, job.errno);
        yield result == -Errno.ESPIPE ? openStream(job) : result;
      }
      case FSYNC, FDATASYNC, SYNC_RANGE, OPEN, CLOSE, TRUNCATE, ALLOCATE, ADVISE, RENAME, UNLINK,
          LINK, CREATE_DIRECTORY, STAT ->
          PosixFiles.call(request, job.errno);
      default -> -Errno.EOPNOTSUPP;
    };
  }

  /// The first transfer of a job whose descriptor has no offsets: a pipe, or a terminal.
  private int openStream(KqueueJob job) {
    job.stream = true;
    int refused = PosixTransfers.makeNonBlocking(job.errno, job.request().file);
    return refused < 0 ? refused : transfer(job, false);
  }

  /// Transfers now, or lets the job wait: behind those who wait already, unless its turn has come.
  private int transfer(KqueueJob job, boolean turn) {
    Request request = job.request();
    Kqueue.Direction direction =
        request.op == Op.READ ? Kqueue.Direction.READABLE : Kqueue.Direction.WRITABLE;
    boolean inLine = !turn && waits.isWaitedFor(request.file, direction);
    int result = inLine ? -Errno.EAGAIN : PosixTransfers.stream(job.errno, request);
    if (result != -Errno.EAGAIN) {
      return result;
    }
    int refused = waits.add(job, request.file, direction);
    return refused < 0 ? refused : WAITS;
  }

  /// Completes a job. Returns the next of its run, which is cut off from a failed or short one that
  /// it is chained to.
  private @Nullable KqueueJob end(KqueueJob job, int result) {
    Request request = job.request();
    KqueueJob next = job.next;
    if (next != null) {
      boolean transfers = request.op == Op.READ || request.op == Op.WRITE;
      boolean failed = result < 0 || (transfers && result < request.length);
      next.cut = job.link == Link.CHAIN && failed;
    }
    finish(job, request.file, result);
    return next;
  }

  /// Frees the job, then completes its request: the owner may prepare the next one at once.
  private void finish(KqueueJob job, int file, int result) {
    long userData = job.userData;
    job.request = null;
    job.next = null;
    if (job.usesFile) {
      job.usesFile = false;
      Descriptors.release(file);
    }
    lock.lock();
    try {
      job.state.set(KqueueJob.FREE);
      free[freeCount++] = job;
    } finally {
      lock.unlock();
    }
    completions.add(userData, result, 0);
  }

  /// As IORING_OP_ASYNC_CANCEL: 0 if the target will complete as cancelled, −EALREADY if it runs,
  /// −ENOENT if it has ended or never was. A target that runs and would wait later is refused that.
  private int cancel(long target) {
    KqueueJob taken = null;
    int answer = -Errno.ENOENT;
    lock.lock();
    try {
      for (KqueueJob job : jobs) {
        int state = job.state.get();
        if (state != KqueueJob.FREE && job.userData == target) {
          job.cancelWanted = true;
          if (waits.remove(job)) {
            job.state.set(KqueueJob.CANCELLED);
            taken = job;
          }
          boolean cancelled =
              taken != null || job.state.compareAndSet(KqueueJob.QUEUED, KqueueJob.CANCELLED);
          answer = cancelled || state == KqueueJob.CANCELLED ? 0 : -Errno.EALREADY;
          break;
        }
      }
    } finally {
      lock.unlock();
    }
    if (taken != null) {
      advance(end(taken, -Errno.ECANCELED), false);
    }
    return answer;
  }

  /// Ends the workers.
  ///
  /// @param wait whether to wait for their last calls
  void stop(boolean wait) {
    pool.stop();
    if (wait) {
      pool.join();
    }
  }
}
