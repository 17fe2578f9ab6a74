package dev.iobus.backend;

import java.lang.foreign.MemorySegment;

/// A request on its way through the kqueue backend.
final class KqueueJob extends Job<KqueueJob> {

  /// Memory for `errno`, for whoever runs the job.
  final MemorySegment errno;

  /// Whether the descriptor of the request is counted as used by it.
  boolean usesFile;

  KqueueJob(MemorySegment errno) {
    this.errno = errno;
  }
}
