package dev.iobus;

/// Receives the results of one batch; see [Bus#dispatch(int, int, long, ResultSink)]. It may call the
/// bus, also to dispatch or to close it. What it throws the dispatch throws, after the wait: that
/// result has been passed, and those behind it come with the next dispatch.
@FunctionalInterface
public interface ResultSink {

  /// Takes one result, which stays valid until [Bus#done(Result)] is called for it.
  void accept(Result result);
}
