package dev.iobus.bench.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/// Caffeine, bounded by the number of blocks. Its maintenance runs on the calling thread, so that
/// it is never behind.
public final class CaffeinePeer implements CachePeer {

  /// For the service loader.
  public CaffeinePeer() {}

  @Override
  public String name() {
    return "caffeine";
  }

  @Override
  public CacheSubject open(int blocks) {
    Cache<Long, Boolean> cache =
        Caffeine.newBuilder().maximumSize(blocks).executor(Runnable::run).build();
    return new CacheSubject() {
      @Override
      public boolean use(long block) {
        if (cache.getIfPresent(block) != null) {
          return true;
        }
        cache.put(block, true);
        return false;
      }

      @Override
      public void close() {
        cache.invalidateAll();
      }
    };
  }
}
