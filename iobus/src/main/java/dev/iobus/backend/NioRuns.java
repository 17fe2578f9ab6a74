package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Runs of linked requests, each a state machine that stands at one member and is carried on by
/// whoever ends that: the submitting thread, a worker, the selector thread, or a cancel.
///
/// A member that blocks is a worker's, one that can be waited for is tried at once and left to the
/// selector thread if it has to wait, and the rest is done on the spot. A failed or short member of
/// a chain cancels what is chained to it, and what is chained to that.
///
/// Thread-safe; a run is carried on by one thread at a time.
final class NioRuns {

  private final int capacity;
  private final NioCompletions completions;
  private final WorkerPool<NioJob> pool;
  private final NioSelector selector;

  /// All jobs; a request has one from prepare until just before its completion is there.
  private final NioJob[] jobs;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final NioJob[] free;
  private int freeCount;

  NioRuns(String name, int capacity, int threadsMax, NioCompletions completions) {
    this.capacity = capacity;
    this.completions = completions;
    pool = new WorkerPool<>(name, threadsMax, job -> carryOn(job, true));
    selector = new NioSelector(name.replace("iobus-nio", "iobus-nio-selector"), capacity, this::ended);
    jobs = new NioJob[capacity];
    free = new NioJob[capacity];
    for (int i = 0; i < capacity; i++) {
      jobs[i] = new NioJob();
      free[i] = jobs[i];
    }
    freeCount = capacity;
  }

  /// A job for a request.
  NioJob take(Request request) {
    NioJob job = takeFree();
    job.request = request;
    job.userData = request.userData;
    job.link = request.link;
    job.next = null;
    job.nextRun = null;
    job.cut = false;
    job.begun = false;
    job.moved = 0;
    job.flags = 0;
    job.timed = request.op != Op.TIMEOUT && request.timeoutNanos > 0;
    if (job.timed) {
      job.deadline = System.nanoTime() + request.timeoutNanos;
    }
    request.scratch = null;
    job.state.set(NioJob.QUEUED);
    return job;
  }

  private NioJob takeFree() {
    lock.lock();
    try {
      if (freeCount == 0) {
        throw new AssertionError("more than " + capacity + " requests in flight");
      }
      return free[--freeCount];
    } finally {
      lock.unlock();
    }
  }

  /// Whether the job blocks its thread.
  static boolean blocks(NioJob job) {
    return switch (job.request().op) {
      case NOP, CANCEL, TIMEOUT, SOCKET, CONNECT, BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE,
          RECV_MESSAGE, SHUTDOWN, POLL ->
          false;
      case READ, WRITE -> !(job.file instanceof NioSocket);
      case CLOSE -> !job.closesSocket;
      default -> true;
    };
  }

  /// Lets the deadline of a job end it that waits for a worker. Returns 0 or a negated error number.
  int arm(NioJob job) {
    return job.timed ? selector.arm(job) : 0;
  }

  /// Queues runs for the workers, see [WorkerPool#execute].
  boolean execute(NioJob first, NioJob last, int count) {
    return pool.execute(first, last, count);
  }

  /// Begins a run on the calling thread, which it does not block.
  void start(NioJob first) {
    carryOn(first, false);
  }

  /// Carries a run on whose member the selector thread has ended.
  private void ended(NioJob job) {
    carryOn(finish(job, job.result), false);
  }

  private void carryOn(@Nullable NioJob first, boolean worker) {
    NioJob job = first;
    while (job != null) {
      int result;
      if (job.cut) {
        result = -Errno.ECANCELED;
      } else if (blocks(job)) {
        result = worker ? callBlocking(job) : handOver(job);
      } else {
        result = callAtOnce(job);
      }
      if (result == NioSocketCalls.WAITS) {
        return;
      }
      job = finish(job, result);
    }
  }

  private static int callBlocking(NioJob job) {
    if (!begins(job)) {
      return -Errno.ECANCELED;
    }
    if (job.resolvesLate) {
      job.file = NioFiles.retain(job.request().file, true);
    }
    return NioCalls.call(job.request(), job.file);
  }

  private static boolean begins(NioJob job) {
    return job.state.compareAndSet(NioJob.QUEUED, NioJob.RUNNING);
  }

  private int handOver(NioJob job) {
    int armed = arm(job);
    if (armed < 0) {
      return armed;
    }
    return pool.execute(job, job, 1) ? NioSocketCalls.WAITS : -Errno.ENOMEM;
  }

  private int callAtOnce(NioJob job) {
    Request request = job.request();
    boolean waits = NioSocketCalls.mayWait(request.op) || request.op == Op.READ || request.op == Op.WRITE;
    if (request.op == Op.TIMEOUT || (waits && job.file instanceof NioSocket)) {
      return selector.start(job);
    }
    if (!begins(job)) {
      return -Errno.ECANCELED;
    }
    if (waits) {
      return NioSocketCalls.refusal(request, job.file);
    }
    return switch (request.op) {
      case NOP -> 0;
      case CANCEL -> cancel(request.offset);
      default -> NioSocketCalls.call(request, job.file);
    };
  }

  /// Frees the job, then completes its request: the owner may prepare the next one at once. Returns
  /// the next member of the run.
  private @Nullable NioJob finish(NioJob job, int result) {
    Request request = job.request();
    NioJob next = job.next;
    if (next != null) {
      next.cut = job.link == Link.CHAIN && isFailure(request, result);
    }
    long userData = job.userData;
    int flags = job.flags;
    NioDescription file = job.file;
    if (job.timed) {
      selector.disarm(job);
    }
    job.file = null;
    job.buffers = null;
    job.request = null;
    job.next = null;
    NioFiles.releaseQuietly(file);
    lock.lock();
    try {
      job.state.set(NioJob.FREE);
      free[freeCount++] = job;
    } finally {
      lock.unlock();
    }
    completions.add(userData, result, flags);
    return next;
  }

  private static boolean isFailure(Request request, int result) {
    boolean whole =
        switch (request.op) {
          case READ, WRITE, SEND -> true;
          case RECV -> request.pool < 0;
          default -> false;
        };
    return result < 0 || (whole && result < request.length);
  }

  /// As IORING_OP_ASYNC_CANCEL: 0 if the target will complete as cancelled, −EALREADY if it runs,
  /// −ENOENT if it has ended or never was. A job is not used again while the lock is held, so the
  /// one that was found is the one that is cancelled.
  private int cancel(long target) {
    NioJob waiting = null;
    lock.lock();
    try {
      NioJob job = find(target);
      if (job == null) {
        return -Errno.ENOENT;
      }
      boolean cancelled = job.state.compareAndSet(NioJob.QUEUED, NioJob.CANCELLED);
      if (!cancelled && selector.withdraw(job)) {
        waiting = job;
      } else {
        return cancelled || job.state.get() == NioJob.CANCELLED ? 0 : -Errno.EALREADY;
      }
    } finally {
      lock.unlock();
    }
    ended(waiting);
    return 0;
  }

  private @Nullable NioJob find(long target) {
    for (NioJob job : jobs) {
      if (job.state.get() != NioJob.FREE && job.userData == target) {
        return job;
      }
    }
    return null;
  }

  /// Lets the workers end.
  ///
  /// @param abandon whether not to wait for them
  void close(boolean abandon) {
    pool.stop();
    if (!abandon) {
      pool.join();
    }
    selector.close();
  }
}
