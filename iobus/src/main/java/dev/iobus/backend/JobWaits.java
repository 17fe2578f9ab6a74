package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Everything of one backend that waits: for sockets and other streams, for a time, for a deadline.
/// One thread at a time sleeps and serves: it repeats an operation when that for which it waits is
/// ready. What it sleeps in is for the subclass to say.
///
/// Invariants.
/// 1. A job is WAITING exactly while it stands in a queue of [WaitQueues], or is a timeout in the
///    heap; both change under the lock, and calls that may have to wait are made under it. So a
///    cancel finds a job that waits, or one that has ended.
/// 2. No job overtakes another of the same queue.
/// 3. Runs are carried on without the lock.
///
/// Thread-safe.
///
/// @param <J> the kind of job
/// @param <Q> what is known of one thing that is waited for
abstract class JobWaits<J extends Job<J>, Q extends WaitQueues<J>> {

  /// The answer for a job that would have to wait, or waits. No error number.
  static final int WAITS = Integer.MIN_VALUE;

  final ReentrantLock lock = new ReentrantLock();

  private final Consumer<J> resume;

  // Guarded by the lock.
  private final JobTimers<J> timers;
  private @Nullable J ended;
  private @Nullable J endedLast;
  private boolean sleeping;
  private boolean sleepsForever;
  private long sleepsUntil;

  /// @param heap an array as long as there are jobs
  /// @param resume carries the run of a job on that has ended with [Job#result]
  JobWaits(J[] heap, Consumer<J> resume) {
    timers = new JobTimers<>(heap);
    this.resume = resume;
  }

  /// Tries an operation, or goes on with it. Returns its result or [#WAITS]. Under the lock.
  ///
  /// @param queues what waits for the same; null when nothing did yet
  /// @param ready whether that was found ready
  abstract int attempt(J job, @Nullable Q queues, boolean ready);

  /// What a job waits for, if that is known already. Under the lock.
  abstract @Nullable Q queues(J job);

  /// What a job is going to wait for. Under the lock.
  abstract Q newQueues(J job);

  /// Makes it possible to wait. Returns 0 or a negated error number. Under the lock.
  abstract int open();

  /// Watches for what the queues want now, and no longer for what they do not. Under the lock.
  abstract void watch(Q queues);

  /// Wakes the thread that sleeps. Under the lock.
  abstract void interruptSleep();

  /// Carries out a job that may have to wait. Returns its result, or [#WAITS] if whoever serves goes
  /// on with it.
  final int start(J job) {
    lock.lock();
    try {
      if (!begins(job)) {
        return -Errno.ECANCELED;
      }
      int result = job.request().op == Op.TIMEOUT ? startTimeout(job) : startOnQueues(job);
      if (result != WAITS) {
        job.state.set(Job.RUNNING);
      }
      return result;
    } finally {
      lock.unlock();
    }
  }

  /// A job may have been found to have to wait while it ran.
  private boolean begins(J job) {
    if (job.state.compareAndSet(Job.QUEUED, Job.WAITING)) {
      return true;
    }
    boolean late = job.timed && job.deadline - System.nanoTime() <= 0;
    return !job.cancelWanted && !late && job.state.compareAndSet(Job.RUNNING, Job.WAITING);
  }

  private int startTimeout(J job) {
    long now = System.nanoTime();
    Request request = job.request();
    long span = request.hasDeadline ? request.deadlineNanos - now : request.timeoutNanos;
    if (span <= 0) {
      return 0;
    }
    int opened = open();
    if (opened < 0) {
      return opened;
    }
    job.deadline = now + span;
    job.timed = true;
    addTimer(job);
    return WAITS;
  }

  private int startOnQueues(J job) {
    Op op = job.request().op;
    Q queues = queues(job);
    if (queues == null || !queues.isWaitedFor(op)) {
      int result = attempt(job, queues, false);
      if (result != WAITS) {
        return result;
      }
    }
    int opened = open();
    if (opened < 0) {
      return job.moved > 0 ? job.moved : opened;
    }
    if (queues == null) {
      queues = newQueues(job);
    }
    queues.of(op).add(job);
    if (job.timed) {
      addTimer(job);
    }
    watch(queues);
    return WAITS;
  }

  /// Lets a deadline cancel a job that no worker has taken. Returns 0 or a negated error number.
  final int arm(J job) {
    lock.lock();
    try {
      int opened = open();
      if (opened == 0) {
        addTimer(job);
      }
      return opened;
    } finally {
      lock.unlock();
    }
  }

  /// Forgets the deadline of a job that has ended.
  final void disarm(J job) {
    lock.lock();
    try {
      timers.remove(job);
    } finally {
      lock.unlock();
    }
  }

  private void addTimer(J job) {
    if (job.heapIndex < 0) {
      timers.add(job);
    }
    if (sleepsForever || job.deadline - sleepsUntil < 0) {
      wake();
    }
  }

  /// Takes a job out that waits, and notes its result. Returns false if it does not wait.
  final boolean withdraw(J job) {
    lock.lock();
    try {
      if (job.state.get() != Job.WAITING) {
        return false;
      }
      Q queues = queues(job);
      timers.remove(job);
      if (queues != null && queues.remove(job)) {
        watch(queues);
      }
      cancelled(job);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// What has been moved is told rather than lost.
  private void cancelled(J job) {
    job.state.set(Job.RUNNING);
    job.result = job.moved > 0 ? job.moved : -Errno.ECANCELED;
  }

  /// Wakes the thread that sleeps, if one does. Under the lock.
  final void wake() {
    if (sleeping) {
      sleeping = false;
      interruptSleep();
    }
  }

  /// Whether a deadline or a job that has ended is there to be served. Under the lock.
  final boolean hasTimersOrEnded() {
    return timers.first() != null || ended != null;
  }

  /// Begins a sleep of the thread that serves. Returns for how many nanoseconds, 0 for not at all
  /// and [Long#MAX_VALUE] for ever; the sleep ends with [#endSleep()]. Under the lock.
  final long beginSleep() {
    J first = timers.first();
    sleeping = true;
    sleepsForever = first == null;
    if (ended != null) {
      return 0;
    }
    if (first == null) {
      return Long.MAX_VALUE;
    }
    sleepsUntil = first.deadline;
    return Math.max(0, first.deadline - System.nanoTime());
  }

  /// Under the lock.
  final void endSleep() {
    sleeping = false;
  }

  /// Goes on with what waits for something that is ready. Under the lock.
  final void serve(Q queues, boolean readable, boolean writable) {
    if (!queues.polls.isEmpty()) {
      for (Iterator<J> polls = queues.polls.iterator(); polls.hasNext(); ) {
        J poll = polls.next();
        int told = attempt(poll, queues, true);
        if (told != WAITS) {
          polls.remove();
          end(poll, told);
        }
      }
    }
    if (writable) {
      serve(queues, queues.writes);
    }
    if (readable) {
      serve(queues, queues.reads);
    }
    watch(queues);
  }

  private void serve(Q queues, Queue<J> queue) {
    for (J job = queue.peek(); job != null; job = queue.peek()) {
      int result = attempt(job, queues, true);
      if (result == WAITS) {
        return;
      }
      queue.remove();
      end(job, result);
    }
  }

  /// Ends what has waited for its time, and what has waited too long. Under the lock.
  final void expire() {
    J first = timers.first();
    if (first == null) {
      return;
    }
    long now = System.nanoTime();
    while (first != null && first.deadline - now <= 0) {
      expire(first);
      first = timers.first();
    }
  }

  private void expire(J job) {
    timers.remove(job);
    if (job.state.get() != Job.WAITING) {
      job.state.compareAndSet(Job.QUEUED, Job.CANCELLED);
      return;
    }
    if (job.request().op == Op.TIMEOUT) {
      end(job, 0);
      return;
    }
    Q queues = queues(job);
    if (queues != null && queues.remove(job)) {
      watch(queues);
    }
    cancelled(job);
    addEnded(job);
  }

  /// Ends all timeouts and forgets all deadlines, where nothing can be waited for any more. Under
  /// the lock.
  final void endTimers(int result) {
    for (J job = timers.first(); job != null; job = timers.first()) {
      if (job.state.get() == Job.WAITING) {
        end(job, result);
      } else {
        timers.remove(job); // A worker takes it in time, or later.
      }
    }
  }

  /// Ends all that waits for one thing. Under the lock.
  final void endAll(Q queues, int result) {
    endAll(queues.reads, result);
    endAll(queues.writes, result);
    endAll(queues.polls, result);
  }

  private void endAll(Queue<J> queue, int result) {
    for (J job = queue.poll(); job != null; job = queue.poll()) {
      end(job, result);
    }
  }

  private void end(J job, int result) {
    timers.remove(job);
    job.state.set(Job.RUNNING);
    job.result = result;
    addEnded(job);
  }

  private void addEnded(J job) {
    J last = endedLast;
    if (last == null) {
      ended = job;
    } else {
      last.nextEnded = job;
    }
    endedLast = job;
    wake();
  }

  /// Takes the jobs that have ended, linked by [Job#nextEnded]. Under the lock.
  final @Nullable J takeEnded() {
    J first = ended;
    ended = null;
    endedLast = null;
    return first;
  }

  /// Carries on the runs of jobs that have ended. Without the lock.
  final void resume(@Nullable J first) {
    J job = first;
    while (job != null) {
      J next = job.nextEnded;
      job.nextEnded = null;
      resume.accept(job);
      job = next;
    }
  }
}
