package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.uring.UringFeatures;

/// What io_uring always hands to a worker thread of the kernel: operations that may block and cannot
/// be asked not to. They are marked where the kernel prepares them (`REQ_F_FORCE_ASYNC` in
/// `io_uring/sync.c`, `fs.c`, `statx.c`, `truncate.c`, `openclose.c`, `advise.c`, `net.c`); before
/// Linux 6.0 the same ones were tried and refused at once.
///
/// Others are handed over when they would block, such as buffered writes on a file system that cannot
/// tell beforehand; whether one was, the kernel does not say.
final class Punts {

  /// The last kind of advice that only sets how far is read ahead, and moves no page.
  private static final int POSIX_FADV_SEQUENTIAL = 2;

  private Punts() {}

  /// Whether a worker thread does this request, whatever the state of the host.
  static boolean isCertain(Request request, UringFeatures features) {
    return switch (request.op) {
      case FSYNC, FDATASYNC, SYNC_RANGE, ALLOCATE, RENAME, UNLINK, STAT, SHUTDOWN -> true;
      case TRUNCATE -> features.has(IORING_OP_FTRUNCATE);
      case LINK -> features.has(IORING_OP_LINKAT);
      case CREATE_DIRECTORY -> features.has(IORING_OP_MKDIRAT);
      case OPEN -> changesNames(request);
      case OPEN_REGISTERED -> changesNames(request) && features.resolvesSlotsLate();
      case ADVISE -> request.advice > POSIX_FADV_SEQUENTIAL;
      default -> false;
    };
  }

  private static boolean changesNames(Request request) {
    return (request.openBits & (OpenBits.CREATE | OpenBits.TRUNCATE)) != 0;
  }
}
