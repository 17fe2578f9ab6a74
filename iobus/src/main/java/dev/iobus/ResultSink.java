package dev.iobus;

/// Receives the results of one batch; see [Bus#dispatch(int, int, long, ResultSink)].
@FunctionalInterface
public interface ResultSink {

  /// Takes one result, which stays valid until [Bus#done(Result)] is called for it.
  void accept(Result result);
}
