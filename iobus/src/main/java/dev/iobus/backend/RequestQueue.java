package dev.iobus.backend;

/// The side of a [Backend] that takes requests in. One thread calls it at a time.
public interface RequestQueue {

  /// Requests that may be between prepare and completion at one time.
  int capacity();

  /// Queues a request for the next submission. The caller has made sure of room
  /// ([Backend#batchMax()] unsubmitted requests at most).
  void prepare(Request request);

  /// The bit of the user data of a request that is prepared by [#preparePlain], and of no other's.
  long PLAIN = 1L << 31;

  /// Whether user data have [#PLAIN].
  static boolean isPlain(long userData) {
    return (int) userData < 0; // The shortest way to ask for this bit.
  }

  /// As [#prepare], of a request that is plain: a NOP, READ, WRITE, SEND or RECV with one part of
  /// memory at most, which is of no pool, tied to no other, with no deadline and one completion. What it is and its user data need not stand in it, and the caller keeps it
  /// reachable until its completion, or for ever where there is none. Owned mode only.
  ///
  /// @param userData with [#PLAIN]
  default void preparePlain(Request request, Op op, long userData) {
    if (request.op != op) {
      request.op = op;
    }
    request.userData = userData;
    prepare(request);
  }

  /// As [#preparePlain], of a NOP.
  default void prepareNop(Request request, long userData) {
    preparePlain(request, Op.NOP, userData);
  }

  /// How many more requests [#prepare] takes before a [#submit] is needed. One that has a deadline
  /// ([Request#timeoutNanos]) takes two places.
  int room();

  /// Gives all prepared requests to the operating system. Retries EINTR, and EAGAIN and EBUSY
  /// after giving the kernel a chance to progress. Returns 0, or a negated error number that
  /// ends the ring (requests may or may not have been taken).
  int submit();
}
