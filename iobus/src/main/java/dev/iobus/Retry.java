package dev.iobus;

import dev.iobus.posix.Errno;

/// How operations of a [SharedBus] are submitted again that ended with EINTR or EAGAIN: at once at
/// first, as a signal is gone by then; after pauses later, as memory that the kernel lacks comes
/// back in its own time; and not for ever, as a file that is never ready must not hold its caller.
/// After half a second of such results without any other the error is what became of the operation.
final class Retry {

  /// Results in a row after which no more is tried.
  static final int MAX = 500;

  private static final int AT_ONCE = 16;
  private static final long PAUSE_NANOS = 1_000_000;

  private Retry() {}

  /// Whether a result asks for the same operation once more.
  static boolean isAsked(int result) {
    return result == -Errno.EAGAIN || result == -Errno.EINTR;
  }

  /// Before a retry: waits, unless it is one of the first.
  ///
  /// @param count results in a row that asked for it
  static void pause(Scheduler scheduler, int count) {
    if (count > AT_ONCE) {
      scheduler.park(scheduler.nanoTime() + PAUSE_NANOS);
    }
  }
}
