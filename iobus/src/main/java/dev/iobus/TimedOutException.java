package dev.iobus;

import dev.iobus.posix.Errno;

/// An operation had not ended at its deadline and was cancelled. What it had done until then is
/// not undone.
public final class TimedOutException extends BusException {

  private static final long serialVersionUID = 1L;

  TimedOutException(String operation, String file) {
    super(operation, file, Errno.ETIME, "ETIME", "it had not ended at its deadline");
  }
}
