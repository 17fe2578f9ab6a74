package dev.iobus.backend;

import org.jspecify.annotations.Nullable;

/// What a [WorkerPool] queues: the first job of a run, linked to the first of the next run.
///
/// @param <J> the kind of job itself
abstract class PooledJob<J extends PooledJob<J>> {

  /// The first job of the next run in the queue. Owned by who queues, then by the pool.
  @Nullable J nextRun;
}
