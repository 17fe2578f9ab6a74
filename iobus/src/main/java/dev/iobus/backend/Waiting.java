package dev.iobus.backend;

/// What stands in [WaitQueues]: somebody with a request that cannot be carried out yet.
public interface Waiting {

  /// The request, from prepare to completion.
  Request request();
}
