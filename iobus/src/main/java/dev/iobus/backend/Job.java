package dev.iobus.backend;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A request on its way through a backend that makes its calls in this process. Preallocated, one
/// per request in flight.
///
/// State: FREE → QUEUED → RUNNING → FREE, or QUEUED → CANCELLED → FREE, or, where it has to wait,
/// QUEUED or RUNNING → WAITING → RUNNING → FREE. The step out of QUEUED is taken once, by whoever
/// carries it out or by a cancel; steps into and out of WAITING are made under the lock of
/// [JobWaits].
///
/// Fields without a word are written by the thread that prepares, and handed on by the locks of
/// [WorkerPool] and [JobWaits].
///
/// @param <J> the kind of job itself
abstract class Job<J extends Job<J>> implements Waiting {

  static final int FREE = 0;
  static final int QUEUED = 1;
  static final int RUNNING = 2;
  static final int CANCELLED = 3;
  static final int WAITING = 4;

  final AtomicInteger state = new AtomicInteger(FREE);

  @Nullable Request request;
  long userData;
  Link link = Link.NONE;

  /// The pool that it receives into.
  @Nullable ProvidedBuffers buffers;

  /// When it is cancelled, or a timeout ends, as of [System#nanoTime()]; if [#timed].
  long deadline;
  boolean timed;

  /// Whether the member before it in a chain has failed.
  boolean cut;

  /// Set by a cancel that came while the job ran: it may not wait any more.
  volatile boolean cancelWanted;

  /// What the completion tells, once it has ended.
  int result;
  int flags;

  /// The next job of the same run; null at its end.
  @Nullable J next;

  /// The first job of the next run in the queue. Owned by who queues, then by the pool.
  @Nullable J nextRun;

  // Guarded by the lock of JobWaits.

  /// Whether a connect has begun. Bytes that were moved so far.
  boolean begun;
  int moved;

  /// Its place in the heap of [JobTimers]; −1 when it is not there.
  int heapIndex = -1;

  /// The next in the list of jobs that have ended.
  @Nullable J nextEnded;

  /// Takes a request.
  void begin(Request taken) {
    request = taken;
    userData = taken.userData;
    link = taken.link;
    timed = taken.op != Op.TIMEOUT && taken.timeoutNanos > 0;
    if (timed) {
      deadline =
          taken.hasDeadline ? taken.deadlineNanos : System.nanoTime() + taken.timeoutNanos;
    }
    cut = false;
    cancelWanted = false;
    flags = 0;
    next = null;
    nextRun = null;
    begun = false;
    moved = 0;
  }

  /// The member before it in its run has ended: a span of time counts from now.
  void beginTime() {
    if (timed && !request().hasDeadline) {
      deadline = System.nanoTime() + request().timeoutNanos;
    }
  }

  /// Lets go of the request.
  void end() {
    request = null;
    buffers = null;
    next = null;
  }

  @Override
  public final Request request() {
    Request present = request;
    if (present == null) {
      throw new AssertionError("a free job was run");
    }
    return present;
  }
}
