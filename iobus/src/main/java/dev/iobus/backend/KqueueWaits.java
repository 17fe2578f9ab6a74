package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import dev.iobus.kqueue.Kqueue.Direction;
import dev.iobus.posix.Errno;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What waits on the kqueue backend, in a queue of the kernel, served by whoever reaps.
///
/// Invariants, beside those of [JobWaits].
/// 1. Queues with jobs have a registration for each direction that one of them waits for, and those
///    without have none, but for an event that is on its way.
/// 2. A descriptor with jobs in flight is not closed ([Descriptors]), so it has left the kernel's
///    queue before it is.
///
/// Thread-safe; [#serve] and [#serveNow] are for one thread at a time.
final class KqueueWaits extends JobWaits<KqueueJob, DescriptorQueues> {

  private final Kqueue queue;
  private final KqueueCompletions completions;
  private final PosixSockets sockets;

  // Guarded by the lock.
  private @Nullable DescriptorQueues[] places = new DescriptorQueues[64];
  private long registrations;
  private int registered;

  KqueueWaits(
      Kqueue queue,
      KqueueCompletions completions,
      PosixSockets sockets,
      int capacity,
      Consumer<KqueueJob> resume) {
    super(new KqueueJob[capacity], resume);
    this.queue = queue;
    this.completions = completions;
    this.sockets = sockets;
  }

  @Override
  int attempt(KqueueJob job, @Nullable DescriptorQueues queues, boolean ready) {
    int result = sockets.attempt(job, ready);
    if (queues == null || job.request().op == Op.POLL) {
      return result;
    }
    if (queues.failure != 0 && ready && (result == 0 || result == WAITS)) {
      int failure = queues.failure;
      queues.failure = 0;
      return job.moved > 0 ? job.moved : -failure;
    }
    // The BSD family does not let one receive while a connect goes on; io_uring waits.
    return result == -Errno.ENOTCONN && queues.isConnecting() ? WAITS : result;
  }

  @Override
  @Nullable DescriptorQueues queues(KqueueJob job) {
    int descriptor = job.descriptor;
    return descriptor >= 0 && descriptor < places.length ? places[descriptor] : null;
  }

  /// They are kept for the next file that has the number.
  @Override
  DescriptorQueues newQueues(KqueueJob job) {
    int descriptor = job.descriptor;
    if (descriptor >= places.length) {
      places = Arrays.copyOf(places, Math.max(2 * places.length, descriptor + 1));
    }
    DescriptorQueues queues = new DescriptorQueues(descriptor);
    places[descriptor] = queues;
    return queues;
  }

  @Override
  int open() {
    return 0;
  }

  @Override
  void watch(DescriptorQueues queues) {
    if (queues.isEmpty()) {
      queues.failure = 0;
    }
    watch(queues, Direction.READABLE);
    watch(queues, Direction.WRITABLE);
  }

  private void watch(DescriptorQueues queues, Direction direction) {
    boolean wanted = queues.wants(direction);
    if (wanted == (queues.registration(direction) != 0)) {
      return;
    }
    if (!wanted) {
      queue.disarm(queues.descriptor, direction);
      queues.setRegistration(direction, 0);
      registered--;
      return;
    }
    int result = queue.arm(queues.descriptor, direction, ++registrations);
    if (result < 0) {
      endAll(queues, result);
      watch(queues);
      return;
    }
    queues.setRegistration(direction, registrations);
    registered++;
  }

  @Override
  void interruptSleep() {
    queue.trigger();
  }

  /// Sleeps until something is ready, a time is over, the reaper is triggered, or `nanos` have
  /// passed ([Long#MAX_VALUE]: no limit), then serves what there is. Returns 0, or a negated error
  /// number that ends the queue.
  int serve(long nanos) {
    long most;
    lock.lock();
    try {
      most = Math.min(nanos, beginSleep());
    } finally {
      lock.unlock();
    }
    int count = queue.await(most);
    completions.pauseWait();
    KqueueJob first;
    lock.lock();
    try {
      endSleep();
      for (int event = 0; event < count; event++) {
        if (!queue.isWakeup(event)) {
          take(event);
        }
      }
      expire();
      first = takeEnded();
    } finally {
      lock.unlock();
    }
    resume(first);
    return count < 0 && count != -Errno.EINTR ? count : 0;
  }

  /// As [#serve], without sleep.
  int serveNow() {
    boolean any;
    lock.lock();
    try {
      any = registered > 0 || hasTimersOrEnded();
    } finally {
      lock.unlock();
    }
    return any ? serve(0) : 0;
  }

  private void take(int event) {
    int descriptor = queue.fd(event);
    DescriptorQueues queues = descriptor < places.length ? places[descriptor] : null;
    Direction direction = queue.direction(event);
    if (queues == null || queues.registration(direction) != queue.data(event)) {
      return; // All have been cancelled since, and others have come perhaps.
    }
    queues.setRegistration(direction, 0);
    registered--;
    int error = queue.error(event);
    if (error != 0) {
      queues.failure = error;
    }
    serve(queues, direction == Direction.READABLE, direction == Direction.WRITABLE);
  }
}
