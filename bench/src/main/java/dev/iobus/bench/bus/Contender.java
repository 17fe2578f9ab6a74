package dev.iobus.bench.bus;

import java.io.IOException;

/// One way to do a [Job]. Confined to one thread.
interface Contender extends AutoCloseable {

  /// Does the job for `nanos`, then waits for what is in flight. May be called again.
  ///
  /// @throws dev.iobus.bench.measure.MismatchException when a transfer was short or brought
  ///     something else than it must
  /// @throws IOException when one failed
  Outcome run(long nanos) throws Exception;

  /// What it stands on, and what is to be known of its runs so far, in one line.
  String describe();

  @Override
  void close() throws IOException;
}
