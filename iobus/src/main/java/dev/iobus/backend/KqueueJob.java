package dev.iobus.backend;

import dev.iobus.kqueue.Kqueue;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A request on its way through the kqueue backend. Preallocated, one per request in flight.
///
/// State: FREE → QUEUED → RUNNING → FREE, with RUNNING → WAITING → RUNNING each time that a
/// descriptor is not ready; or CANCELLED from QUEUED or WAITING. The step out of QUEUED is taken
/// once, by who runs the job or by a cancel; the step out of WAITING by who takes the job from
/// [DescriptorWaits].
///
/// Fields without a word are written by the thread that prepares, and handed on by the locks of the
/// pool and of the waits.
final class KqueueJob extends PooledJob<KqueueJob> {

  static final int FREE = 0;
  static final int QUEUED = 1;
  static final int RUNNING = 2;
  static final int WAITING = 3;
  static final int CANCELLED = 4;

  final AtomicInteger state = new AtomicInteger(FREE);

  /// Memory for `errno`, for whoever runs the job.
  final MemorySegment errno;

  @Nullable Request request;
  long userData;
  Link link = Link.NONE;

  /// Whether the descriptor of the request is counted as used by it.
  boolean usesFile;

  /// Whether the descriptor has turned out to have no offsets, so that it is waited for.
  boolean stream;

  /// Whether the job before it in its chain has failed.
  boolean cut;

  /// Set by a cancel that came while the job ran: it may not wait any more.
  volatile boolean cancelWanted;

  /// The next job of the same run; null at its end.
  @Nullable KqueueJob next;

  // Owned by DescriptorWaits.
  Kqueue.Direction direction = Kqueue.Direction.READABLE;
  int waitsFor = -1;
  @Nullable KqueueJob nextWaiting;

  KqueueJob(MemorySegment errno) {
    this.errno = errno;
  }

  /// The request, which is there from prepare to completion.
  Request request() {
    Request present = request;
    if (present == null) {
      throw new AssertionError("a free job was run");
    }
    return present;
  }
}
