package dev.iobus.bench.subject;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An open store that is measured. Thread-safe, except that [#compact()] and [#close()] are called
/// when nothing else is.
public interface Subject extends AutoCloseable {

  /// What is done with each entry of a scan.
  @FunctionalInterface
  interface EntryVisitor {

    /// Takes one entry; the arrays are the visitor's.
    void visit(byte[] key, byte[] value) throws Exception;
  }

  /// Which way a scan goes.
  enum Direction {
    FORWARD,
    BACKWARD
  }

  /// Sets `key` to `value`.
  void put(byte[] key, byte[] value, Sync sync) throws IOException;

  /// Removes `key`, there or not.
  void delete(byte[] key, Sync sync) throws IOException;

  /// Applies all changes or none.
  void write(List<Change> changes, Sync sync) throws IOException;

  /// The value, or null when there is none.
  byte @Nullable [] get(byte[] key) throws IOException;

  /// The values of several keys in their order, null where there is none.
  List<byte @Nullable []> multiGet(List<byte[]> keys) throws IOException;

  /// Visits entries in order, at one moment of the store.
  ///
  /// @param from the first key that may be visited (forward: the least, backward: the largest);
  ///     null for the end of the store
  /// @param limit at most so many entries
  /// @return how many were visited
  /// @throws Exception what the visitor threw, or an IOException
  long scan(byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
      throws Exception;

  /// Brings the files into the shape that reads like best, and waits for it: nothing is left to be
  /// merged, and what was overwritten or deleted takes no space where the store can help it.
  void compact() throws IOException;

  /// Time for which writers were held back, summed, in nanoseconds; NaN when the store does not say.
  double stallNanos();

  /// More about how it runs, such as the backend in use; empty when there is nothing to say.
  String detail();

  @Override
  void close() throws IOException;
}
