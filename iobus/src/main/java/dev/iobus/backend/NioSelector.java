package dev.iobus.backend;

import static dev.iobus.backend.NioSocketCalls.WAITS;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Everything of one NIO backend that waits: for sockets, for a time, for a deadline. One thread,
/// started by the first that has to wait, repeats an operation when its socket is ready for it.
///
/// Invariants.
/// 1. A job is WAITING exactly while it stands in a queue of [NioWaits], or is a timeout in the
///    heap; both change under the lock, and calls on sockets are made under it. So a cancel finds
///    a job that waits, or one that has ended.
/// 2. No job overtakes another of the same queue.
/// 3. Runs are carried on without the lock.
///
/// The order of locks: this lock, a socket's monitor, the gate of [NioPoller]. Thread-safe.
final class NioSelector {

  private final String name;
  private final Consumer<NioJob> resume;
  private final ReentrantLock lock = new ReentrantLock();

  /// Sockets that have got another channel.
  private final Queue<NioSocket> changed = new ConcurrentLinkedQueue<>();

  // Changed under the lock.
  private final NioSocketCalls calls = new NioSocketCalls();
  private final Map<NioSocket, NioWaits> sockets = new HashMap<>();
  private final NioTimers timers;
  private @Nullable NioJob ended;
  private @Nullable NioJob endedLast;
  private volatile @Nullable NioPoller poller;
  private @Nullable Thread thread;
  private boolean sleeping;
  private long sleepsUntil;
  private boolean stopping;

  /// @param resume carries the run of a job on that has ended with [NioJob#result]
  NioSelector(String name, int capacity, Consumer<NioJob> resume) {
    this.name = name;
    this.resume = resume;
    timers = new NioTimers(capacity);
  }

  /// Carries out a job that may have to wait. Returns its result, or [NioSocketCalls#WAITS] if the
  /// selector thread goes on with it.
  int start(NioJob job) {
    lock.lock();
    try {
      if (!job.state.compareAndSet(NioJob.QUEUED, NioJob.WAITING)) {
        return -Errno.ECANCELED;
      }
      int result =
          job.file instanceof NioSocket socket ? startOnSocket(job, socket) : startTimeout(job);
      if (result != WAITS) {
        job.state.set(NioJob.RUNNING);
      }
      return result;
    } finally {
      lock.unlock();
    }
  }

  private int startTimeout(NioJob job) {
    long span = job.request().timeoutNanos;
    if (span <= 0) {
      return 0;
    }
    int started = open();
    if (started < 0) {
      return started;
    }
    job.deadline = System.nanoTime() + span;
    job.timed = true;
    addTimer(job);
    return WAITS;
  }

  private int startOnSocket(NioJob job, NioSocket socket) {
    Request request = job.request();
    NioWaits waits = sockets.get(socket);
    if (request.op == Op.POLL) {
      if (socket.isIdle()) {
        return PollBits.HANGUP | (request.mask & PollBits.WRITABLE);
      }
      if ((request.mask & (PollBits.READABLE | PollBits.WRITABLE)) == 0) {
        return -Errno.EOPNOTSUPP;
      }
    } else if (waits == null || waits.of(request.op).isEmpty()) {
      int result = calls.attempt(job, socket, false);
      if (result != WAITS) {
        return result;
      }
    }
    int started = open();
    if (started < 0) {
      return job.moved > 0 ? job.moved : started;
    }
    if (waits == null) {
      waits = new NioWaits(socket);
      sockets.put(socket, waits);
      socket.joined(this);
    }
    waits.of(request.op).add(job);
    if (job.timed) {
      addTimer(job);
    }
    watch(waits);
    wake();
    return WAITS;
  }

  /// Lets a deadline cancel a job that no worker has taken. Returns 0 or a negated error number.
  int arm(NioJob job) {
    lock.lock();
    try {
      int started = open();
      if (started == 0) {
        addTimer(job);
      }
      return started;
    } finally {
      lock.unlock();
    }
  }

  /// Forgets the deadline of a job that has ended.
  void disarm(NioJob job) {
    lock.lock();
    try {
      timers.remove(job);
    } finally {
      lock.unlock();
    }
  }

  /// Takes a job out that waits, and notes its result. Returns false if it does not wait.
  boolean withdraw(NioJob job) {
    lock.lock();
    try {
      if (job.state.get() != NioJob.WAITING) {
        return false;
      }
      NioWaits waits = job.file instanceof NioSocket socket ? sockets.get(socket) : null;
      timers.remove(job);
      if (waits != null && waits.remove(job)) {
        watch(waits);
        wake();
      }
      cancelled(job);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// What has been moved is told rather than lost.
  private static void cancelled(NioJob job) {
    job.state.set(NioJob.RUNNING);
    job.result = job.moved > 0 ? job.moved : -Errno.ECANCELED;
  }

  /// Looks at a socket again that has got another channel. From any thread, with any lock.
  void recheck(NioSocket socket) {
    changed.add(socket);
    NioPoller present = poller;
    if (present != null) {
      present.wakeup();
    }
  }

  /// Forgets a socket that is closed; nothing waits for it, as what waits refers to it.
  void forget(NioSocket socket) {
    lock.lock();
    try {
      sockets.remove(socket);
    } finally {
      lock.unlock();
    }
  }

  /// Lets go of closed channels: a descriptor is not closed while a selector knows it.
  void flush() {
    NioPoller present = poller;
    if (present != null) {
      present.flush();
    }
  }

  /// Ends the thread, and lets go of all that waits, without completions.
  void close() {
    Thread ending;
    lock.lock();
    try {
      stopping = true;
      ending = thread;
      NioPoller present = poller;
      if (present != null) {
        present.wakeup();
      }
    } finally {
      lock.unlock();
    }
    if (ending != null) {
      WorkerPool.join(List.of(ending));
    }
    List<NioDescription> left = new ArrayList<>();
    lock.lock();
    try {
      for (NioWaits waits : sockets.values()) {
        waits.socket.left(this);
        for (Queue<NioJob> queue : List.of(waits.reads, waits.writes, waits.polls)) {
          queue.forEach(job -> left.add(waits.socket));
        }
      }
      sockets.clear();
    } finally {
      lock.unlock();
    }
    left.forEach(NioFiles::releaseQuietly);
  }

  /// Opens the selector and starts its thread, once. Returns 0 or a negated error number.
  private int open() {
    if (thread != null || stopping) {
      return stopping ? -Errno.ECANCELED : 0;
    }
    try {
      NioPoller opened = new NioPoller();
      Thread started =
          Thread.ofPlatform()
              .name(name)
              .daemon()
              .inheritInheritableThreadLocals(false)
              .unstarted(() -> run(opened));
      poller = opened;
      thread = started;
      started.start();
      return 0;
    } catch (IOException | OutOfMemoryError e) {
      closePoller();
      return NioErrno.negated(e);
    }
  }

  private void closePoller() {
    NioPoller present = poller;
    poller = null;
    thread = null;
    if (present != null) {
      present.close();
    }
  }

  private void addTimer(NioJob job) {
    timers.add(job);
    if (sleeping && job.deadline - sleepsUntil < 0) {
      wake();
    }
  }

  private void wake() {
    NioPoller present = poller;
    if (sleeping && present != null) {
      sleeping = false;
      present.wakeup();
    }
  }

  /// Tells the selector what is waited for; what cannot be waited for ends.
  private void watch(NioWaits waits) {
    NioPoller present = poller;
    if (present == null) {
      return;
    }
    try {
      waits.watch(present.selector());
    } catch (ClosedChannelException | RuntimeException e) {
      endAll(waits, NioErrno.negated(e));
      wake();
    }
  }

  private void run(NioPoller mine) {
    boolean goesOn = true;
    while (goesOn) {
      long millis = beginSleep();
      IOException failure = mine.await(millis);
      NioJob job;
      lock.lock();
      try {
        sleeping = false;
        if (failure != null) {
          failAll(NioErrno.negated(failure));
        }
        serve(mine.found());
        job = ended;
        ended = null;
        endedLast = null;
        goesOn = failure == null && !stopping;
        if (!goesOn) {
          closePoller();
        }
      } finally {
        lock.unlock();
      }
      while (job != null) {
        NioJob next = job.nextEnded;
        job.nextEnded = null;
        resume.accept(job);
        job = next;
      }
    }
  }

  /// Returns how long to wait in milliseconds: 0 for ever, negative not at all.
  private long beginSleep() {
    lock.lock();
    try {
      long now = System.nanoTime();
      NioJob first = timers.first();
      sleepsUntil = first == null ? now + Long.MAX_VALUE : first.deadline;
      sleeping = true;
      if (ended != null || stopping || !changed.isEmpty()) {
        return -1;
      }
      long left = sleepsUntil - now;
      // Rounded up: not too early.
      return first == null ? 0 : left <= 0 ? -1 : (left + 999_999) / 1_000_000;
    } finally {
      lock.unlock();
    }
  }

  private void serve(List<NioWaits> found) {
    for (NioWaits waits : found) {
      serve(waits, waits.ready);
    }
    found.clear();
    for (NioSocket socket = changed.poll(); socket != null; socket = changed.poll()) {
      NioWaits waits = sockets.get(socket);
      if (waits != null) {
        serve(waits, -1);
      }
    }
    long now = System.nanoTime();
    NioJob first = timers.first();
    while (first != null && first.deadline - now <= 0) {
      expire(first);
      first = timers.first();
    }
  }

  private void serve(NioWaits waits, int ready) {
    int input = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
    boolean pending = waits.socket.isPending();
    for (NioJob poll : List.copyOf(waits.polls)) {
      int told = NioWaits.told(poll.request().mask, ready);
      if (told != 0) {
        waits.polls.remove(poll);
        end(poll, told);
      }
    }
    if ((ready & ~input) != 0) {
      serve(waits, waits.writes);
    }
    // What was received before the connect ended has been tried in vain.
    if ((ready & input) != 0 || pending) {
      serve(waits, waits.reads);
    }
    watch(waits);
  }

  private void serve(NioWaits waits, Queue<NioJob> queue) {
    for (NioJob job = queue.peek(); job != null; job = queue.peek()) {
      int result = calls.attempt(job, waits.socket, true);
      if (result == WAITS) {
        return;
      }
      queue.remove();
      end(job, result);
    }
  }

  private void expire(NioJob job) {
    timers.remove(job);
    if (job.state.get() != NioJob.WAITING) {
      job.state.compareAndSet(NioJob.QUEUED, NioJob.CANCELLED);
      return;
    }
    NioWaits waits = job.file instanceof NioSocket socket ? sockets.get(socket) : null;
    if (waits == null) {
      end(job, 0);
      return;
    }
    waits.remove(job);
    watch(waits);
    cancelled(job);
    addEnded(job);
  }

  private void failAll(int result) {
    sockets.values().forEach(waits -> endAll(waits, result));
    for (NioJob job = timers.first(); job != null; job = timers.first()) {
      if (job.state.get() == NioJob.WAITING) {
        end(job, result);
      } else {
        timers.remove(job); // A worker takes it in time, or later.
      }
    }
  }

  private void endAll(NioWaits waits, int result) {
    for (Queue<NioJob> queue : List.of(waits.reads, waits.writes, waits.polls)) {
      for (NioJob job = queue.poll(); job != null; job = queue.poll()) {
        end(job, result);
      }
    }
  }

  private void end(NioJob job, int result) {
    timers.remove(job);
    job.state.set(NioJob.RUNNING);
    job.result = result;
    addEnded(job);
  }

  private void addEnded(NioJob job) {
    NioJob last = endedLast;
    if (last == null) {
      ended = job;
    } else {
      last.nextEnded = job;
    }
    endedLast = job;
  }
}
