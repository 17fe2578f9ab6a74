package dev.iobus.backend;

/// The side of a [Backend] that takes requests in. One thread calls it at a time.
public interface RequestQueue {

  /// Requests that may be between prepare and completion at one time.
  int capacity();

  /// Queues a request for the next submission. The caller has made sure of room
  /// ([Backend#batchMax()] unsubmitted requests at most).
  void prepare(Request request);

  /// How many more requests [#prepare] takes before a [#submit] is needed. One that has a deadline
  /// ([Request#timeoutNanos]) takes two places.
  int room();

  /// Gives all prepared requests to the operating system. Retries EINTR, and EAGAIN and EBUSY
  /// after giving the kernel a chance to progress. Returns 0, or a negated error number that
  /// ends the ring (requests may or may not have been taken).
  int submit();
}
