package dev.iobus.backend;

import java.lang.foreign.MemorySegment;

/// A request on its way through the kqueue backend.
final class KqueueJob extends Job<KqueueJob> {

  /// Memory for `errno`, for whoever runs the job.
  final MemorySegment errno;

  /// The descriptor of the file that the request names; −1 where there is none.
  int descriptor = -1;

  /// Whether the descriptor is counted as used by the request.
  boolean usesFile;

  /// Whether the descriptor is looked up only when the request is carried out, because its slot may
  /// be filled by a request before it in the run.
  boolean resolvesLate;

  KqueueJob(MemorySegment errno) {
    this.errno = errno;
  }
}
