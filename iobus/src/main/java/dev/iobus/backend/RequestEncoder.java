package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.uring.Ring;
import dev.iobus.uring.RingCounts;
import dev.iobus.uring.SubmissionQueue;
import dev.iobus.uring.UringFeatures;

/// Turns requests into submission queue entries, and finishes what their completions leave to do:
/// itself where the ring alone is concerned, by one encoder for each kind of thing else.
/// [#fill] is called by one thread at a time, [#finish] by one thread at a time, also together.
final class RequestEncoder {

  // Constant after construction.
  private final SubmissionQueue submissions;
  private final InFlightTable inFlight;
  private final FileEncoder files;
  private final SocketEncoder sockets;
  private final UringFeatures features;
  private final RingCounts counts;

  // Owned by the submitting thread.
  private boolean runOpen;

  /// Entries of plain requests are those that were not filled in another way.
  private int otherFilled;

  RequestEncoder(Ring ring, InFlightTable inFlight, FileEncoder files, SocketEncoder sockets) {
    submissions = ring.submissions();
    features = ring.features();
    counts = ring.counts();
    this.inFlight = inFlight;
    this.files = files;
    this.sockets = sockets;
  }

  /// Whether the last filled request is tied to one that is still to come.
  boolean runOpen() {
    return runOpen;
  }

  /// Marks a submission, where the kernel ends every run.
  void endRun() {
    runOpen = false;
  }

  /// Counts an entry that belongs to no request.
  void filledOther() {
    otherFilled++;
  }

  /// How many plain requests were filled since the beginning; overflows.
  int plainFilled() {
    return submissions.filled() - otherFilled;
  }

  /// Turns a request into a submission queue entry.
  void fill(Request request) {
    int before = submissions.filled();
    if (!submissions.hasRoom()) {
      throw new IllegalStateException(
          "the submission queue holds " + submissions.entries() + " requests; submit first");
    }
    if (request.scratch != null) {
      request.scratch = null;
    }
    boolean tied = runOpen || request.link != Link.NONE;
    boolean bounded = request.op != Op.TIMEOUT && request.timeoutNanos > 0;
    int behind = linkFlags(request.link);
    int link = bounded && behind == 0 ? IOSQE_IO_LINK : behind;
    long token = fill(request, link, tied);
    if (bounded) {
      sockets.fillDeadline(request, behind, token);
    }
    runOpen = request.link != Link.NONE;
    if (Punts.isCertain(request, features)) {
      counts.punted();
    }
    otherFilled += submissions.filled() - before;
  }

  /// As [#fill(Request)], of a plain request, for which there is room.
  void fillPlain(Request request, Op op, long token) {
    if (op == Op.NOP) {
      submissions.pushNop(token);
    } else if (op == Op.READ || op == Op.WRITE) {
      files.fillPlain(request, op, token);
    } else {
      assert op == Op.SEND || op == Op.RECV : op;
      sockets.fillPlain(request, op, token);
    }
  }

  private long fill(Request request, int link, boolean tied) {
    return switch (request.op) {
      case NOP -> {
        long token = inFlight.add(request);
        submissions.push(IORING_OP_NOP, link, -1, 0, 0, 0, 0, 0, token);
        yield token;
      }
      case CANCEL -> {
        long token = inFlight.add(request);
        submissions.push(IORING_OP_ASYNC_CANCEL, link, -1, 0, request.offset, 0, 0, 0, token);
        yield token;
      }
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, OPEN, OPEN_REGISTERED, CLOSE, TRUNCATE,
          ALLOCATE, ADVISE, RENAME, UNLINK, LINK, CREATE_DIRECTORY, STAT -> {
        files.check(request);
        long token = inFlight.add(request);
        files.fill(request, link, token, runOpen);
        yield token;
      }
      case SOCKET, CONNECT, BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, SHUTDOWN,
          POLL, TIMEOUT -> {
        long token = inFlight.add(request);
        int flags = request.fixedFile ? link | IOSQE_FIXED_FILE : link;
        sockets.fill(request, flags, token, tied);
        yield token;
      }
      case INBOX -> throw new AssertionError(request.op);
    };
  }

  private static int linkFlags(Link link) {
    return switch (link) {
      case NONE -> 0;
      case CHAIN -> IOSQE_IO_LINK;
      case SERIALIZE -> IOSQE_IO_HARDLINK;
    };
  }

  /// Does what a completion leaves to the backend. Returns the result to pass on.
  int finish(Request request, long token, int result) {
    return switch (request.op) {
      case NOP, CANCEL -> result;
      case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, OPEN, OPEN_REGISTERED, CLOSE, TRUNCATE,
          ALLOCATE, ADVISE, RENAME, UNLINK, LINK, CREATE_DIRECTORY, STAT ->
          files.finish(request, token, result);
      case SOCKET, CONNECT, BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE, SHUTDOWN,
          POLL, TIMEOUT ->
          sockets.finish(request, token, result);
      case INBOX -> throw new AssertionError(request.op);
    };
  }
}
