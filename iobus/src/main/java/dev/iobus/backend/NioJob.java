package dev.iobus.backend;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A request on its way through the worker pool. Preallocated, one per request in flight.
///
/// State: FREE → QUEUED → RUNNING → FREE, or QUEUED → CANCELLED → FREE, or, where it has to wait,
/// QUEUED → WAITING → RUNNING → FREE. The step out of QUEUED is taken once, by whoever carries it
/// out or by a cancel; steps into and out of WAITING are made under the lock of [NioSelector].
///
/// The fields are written by the thread that prepares and published to workers by the pool's lock,
/// and to the selector thread by its lock.
final class NioJob extends PooledJob<NioJob> {

  static final int FREE = 0;
  static final int QUEUED = 1;
  static final int RUNNING = 2;
  static final int CANCELLED = 3;
  static final int WAITING = 4;

  final AtomicInteger state = new AtomicInteger(FREE);

  @Nullable Request request;
  long userData;
  Link link = Link.NONE;

  /// The file that the request names, resolved and referenced when it was prepared, as the kernel
  /// does; null for requests without one, and where there is no such file.
  @Nullable NioDescription file;

  /// Whether the request is one to close a socket, which waits for nothing.
  boolean closesSocket;

  /// The pool that it receives into.
  @Nullable ProvidedBuffers buffers;

  /// When it is cancelled, or a timeout ends, as of [System#nanoTime()]; if [#timed].
  long deadline;
  boolean timed;

  /// Its place in the heap of [NioTimers]; −1 when it is not there. Guarded by the selector's lock.
  int heapIndex = -1;

  /// Whether a connect has begun. Bytes that were moved so far. Guarded by the selector's lock.
  boolean begun;
  int moved;

  /// What the completion tells, once it has ended.
  int result;
  int flags;

  /// Whether the member before it in a chain has failed.
  boolean cut;

  /// The next in the list of jobs that the selector thread has ended.
  @Nullable NioJob nextEnded;

  /// Whether the file is resolved only when the request is carried out, because a slot may be
  /// filled by a request before it in the run.
  boolean resolvesLate;

  /// The next job of the same run; null at its end.
  @Nullable NioJob next;

  /// The request, which is there from prepare to completion.
  Request request() {
    Request present = request;
    if (present == null) {
      throw new AssertionError("a free job was run");
    }
    return present;
  }
}
