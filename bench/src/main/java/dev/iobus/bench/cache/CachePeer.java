package dev.iobus.bench.cache;

/// Another cache. Implementations come with the build's profile `peers` and are found as services.
public interface CachePeer {

  /// Its name among the subjects.
  String name();

  /// An empty cache for so many blocks.
  CacheSubject open(int blocks);
}
