package dev.iobus.bench.cache;

import java.io.IOException;

/// A cache of blocks of 4 KiB that is used block by block. Confined to one thread.
public interface CacheSubject extends AutoCloseable {

  /// Uses a block, and has it in the cache afterwards if the cache wants it.
  ///
  /// @return whether it was there
  boolean use(long block) throws IOException;

  @Override
  void close() throws IOException;
}
