package dev.iobus;

import java.io.IOException;

/// Receives the results of one batch; see [Bus#dispatch(int, int, long, ResultSink)]. It may call the
/// bus, also to dispatch or to close it. What it throws the dispatch throws, after the wait: that
/// result has been passed, and those behind it come with the next dispatch.
@FunctionalInterface
public interface ResultSink {

  /// Takes one result, which stays valid until [Bus#done(Result)] is called for it.
  ///
  /// @throws IOException what ending the result, or using the bus, throws
  void accept(Result result) throws IOException;
}
