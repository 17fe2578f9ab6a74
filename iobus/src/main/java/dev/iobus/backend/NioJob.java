package dev.iobus.backend;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A request on its way through the worker pool. Preallocated, one per request in flight.
///
/// State: FREE → QUEUED → RUNNING → FREE, or QUEUED → CANCELLED → FREE. The step out of QUEUED is
/// taken once, by the worker or by a cancel.
///
/// The fields are written by the thread that prepares and published to workers by the pool's lock.
final class NioJob {

  static final int FREE = 0;
  static final int QUEUED = 1;
  static final int RUNNING = 2;
  static final int CANCELLED = 3;

  final AtomicInteger state = new AtomicInteger(FREE);

  @Nullable Request request;
  long userData;
  Link link = Link.NONE;

  /// The file that the request names, resolved and referenced when it was prepared, as the kernel
  /// does; null for requests without one, and where there is no such file.
  @Nullable NioFile file;

  /// The next job of the same run; null at its end.
  @Nullable NioJob next;

  /// The first job of the next run in the queue.
  @Nullable NioJob nextRun;

  /// The request, which is there from prepare to completion.
  Request request() {
    Request present = request;
    if (present == null) {
      throw new AssertionError("a free job was run");
    }
    return present;
  }
}
