package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.DataFile;

/// One immutable file whose blocks a [PageCache] holds, from [PageCache#attach] to [#close()].
/// Thread-safe.
public final class BlockFile implements AutoCloseable {

  private final PageCache cache;
  private final DataFile file;
  private final long fileId;
  private final BlockDecoder decoder;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition unused;

  // Guarded by lock; closed is also read without it on the way to a hit.
  private int reads;
  private volatile boolean closed;

  BlockFile(
      PageCache cache, Scheduler scheduler, DataFile file, long fileId, BlockDecoder decoder) {
    this.cache = cache;
    this.file = file;
    this.fileId = fileId;
    this.decoder = decoder;
    this.lock = scheduler.newLock();
    this.unused = lock.newCondition();
  }

  /// The 64-bit random id in the file's header.
  public long fileId() {
    return fileId;
  }

  /// The file, which stays the caller's to close, after this.
  public DataFile file() {
    return file;
  }

  BlockDecoder decoder() {
    return decoder;
  }

  PageCache cache() {
    return cache;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("file " + file.path() + " is detached from the cache");
    }
  }

  /// Counts a read of the file in, so that [#close()] waits for it.
  void enterRead() {
    lock.lock();
    try {
      requireOpen();
      reads++;
    } finally {
      lock.unlock();
    }
  }

  void leaveRead() {
    lock.lock();
    try {
      reads--;
      if (reads == 0) {
        unused.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Stops further use, waits for reads of the file that run, and drops its frames; those that are
  /// still pinned stay readable until they are given back. The second call does nothing.
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      while (reads > 0) {
        unused.await();
      }
    } finally {
      lock.unlock();
    }
    cache.detach(this);
  }

  @Override
  public String toString() {
    return "BlockFile[" + file.path() + (closed ? ", detached]" : "]");
  }
}
