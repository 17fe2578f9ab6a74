package dev.iobus;

import java.io.IOException;

/// Receives the results of one batch and says what becomes of each operation; see
/// [Bus#dispatch(int, int, long, ResultVisitor)]. It may call the bus, also to dispatch or to close it.
/// What it throws, or the callback of a result before it, the dispatch throws, after the wait: the
/// operation of that result is done, and the results behind it come with the next dispatch.
@FunctionalInterface
public interface ResultVisitor {

  /// Takes one result.
  ///
  /// @param result valid until this returns, or with [Then#KEEP] until it is ended
  /// @param outcome what the host says, as in a completion queue entry: bytes, of which 0 are the end
  ///     of a file or stream, or 0; or the negated Linux number of an error. The `end` methods of the
  ///     result say it in Java, and bring what is more than a number
  /// @return what becomes of the operation. For null the dispatch throws a [NullPointerException] that
  ///     says so, and the operation is done
  /// @throws IOException what ending the result, or using the bus, throws
  Then visit(Result result, int outcome) throws IOException;

  /// What becomes of an operation.
  enum Then {

    /// [Bus#done(Result)], unless the visitor has called it.
    DONE,

    /// [Bus#rearm(Result)], unless the visitor has called `done`. One that [Bus#cancel(Handle)] or
    /// `cancelAll` was to end is not done again: as [#DONE]. Where `rearm` throws an unchecked
    /// exception, the dispatch throws it, and the result is ended as by [#DONE], which leaves an
    /// operation with more results in flight.
    REARM,

    /// Nothing: the caller calls [Bus#done(Result)] or [Bus#rearm(Result)] later.
    KEEP
  }
}
