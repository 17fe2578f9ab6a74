package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.uring.SubmissionQueue;

/// Turns requests into submission queue entries, and finishes what their completions leave to do:
/// itself where the ring alone is concerned, by one encoder for each kind of thing else.
/// [#fill] is called by one thread at a time, [#finish] by one thread at a time, also together.
final class RequestEncoder {

  // Constant after construction.
  private final SubmissionQueue submissions;
  private final InFlightTable inFlight;
  private final FileEncoder files;

  // Owned by the submitting thread.
  private boolean runOpen;

  RequestEncoder(SubmissionQueue submissions, InFlightTable inFlight, FileEncoder files) {
    this.submissions = submissions;
    this.inFlight = inFlight;
    this.files = files;
  }

  /// Whether the last filled request is tied to one that is still to come.
  boolean runOpen() {
    return runOpen;
  }

  /// Marks a submission, where the kernel ends every run.
  void endRun() {
    runOpen = false;
  }

  /// Turns a request into a submission queue entry.
  void fill(Request request) {
    if (submissions.room() == 0) {
      throw new IllegalStateException(
          "the submission queue holds " + submissions.entries() + " requests; submit first");
    }
    request.scratch = null;
    boolean tied = runOpen || request.link != Link.NONE;
    int link = linkFlags(request.link);
    switch (request.op) {
      case NOP -> submissions.push(IORING_OP_NOP, link, -1, 0, 0, 0, 0, 0, inFlight.add(request));
      case CANCEL -> {
        long target = inFlight.find(request.offset);
        long token = inFlight.add(request);
        submissions.push(IORING_OP_ASYNC_CANCEL, link, -1, 0, target, 0, 0, 0, token);
      }
      case READ, WRITE, FSYNC, FDATASYNC, OPEN, CLOSE, TRUNCATE, RENAME, UNLINK, STAT -> {
        files.check(request);
        files.fill(request, link, inFlight.add(request), tied);
      }
    }
    runOpen = request.link != Link.NONE;
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
      case READ, WRITE, FSYNC, FDATASYNC, OPEN, CLOSE, TRUNCATE, RENAME, UNLINK, STAT ->
          files.finish(request, token, result);
    };
  }
}
