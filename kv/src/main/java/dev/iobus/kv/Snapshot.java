package dev.iobus.kv;

import java.util.concurrent.atomic.AtomicBoolean;

/// The state of a store at one sequence, for reads that must agree with each other. While it is
/// open, what it sees takes space even when it is overwritten. Thread-safe.
public final class Snapshot implements AutoCloseable {

  private final Readers readers;
  private final long sequence;
  private final AtomicBoolean closed = new AtomicBoolean();

  Snapshot(Readers readers, long sequence) {
    this.readers = readers;
    this.sequence = sequence;
  }

  /// The sequence number of the last write that it sees; 0 when there was none.
  public long sequence() {
    return sequence;
  }

  /// The sequence, for a read of a store.
  ///
  /// @param reader of that store
  /// @throws IllegalStateException when this is closed
  /// @throws IllegalArgumentException when it is of another store
  long sequenceFor(Readers reader) {
    if (reader != readers) {
      throw new IllegalArgumentException("the snapshot is of another store");
    }
    if (closed.get()) {
      throw new IllegalStateException("snapshot at " + sequence + " is closed");
    }
    return sequence;
  }

  /// Lets what only this snapshot sees be dropped; the second call does nothing. May be called
  /// after the store was closed.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      readers.release(this);
    }
  }
}
