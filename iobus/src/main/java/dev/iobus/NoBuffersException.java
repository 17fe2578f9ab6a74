package dev.iobus;

import dev.iobus.posix.Errno;

/// A receive found no free buffer in its pool. Nothing was received and nothing is lost: release
/// buffers, then receive again.
public final class NoBuffersException extends BusException {

  private static final long serialVersionUID = 1L;

  NoBuffersException(String operation, String file) {
    super(
        operation,
        file,
        Errno.ENOBUFS,
        "ENOBUFS",
        "all buffers of the pool are in use; release some, then receive again");
  }
}
