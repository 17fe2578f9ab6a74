package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.DataFile;

/// One file whose blocks a [PageCache] holds, from [PageCache#attach] to [#close()]. It does not
/// change meanwhile, unless it is a [PageFile]'s. Thread-safe.
public final class BlockFile implements AutoCloseable {

  private final PageCache cache;
  private final DataFile file;
  private final long fileId;
  private final BlockDecoder decoder;
  private final boolean isWritable;
  private final UseGate transfers;

  /// @param isWritable whether a [PageFile] changes and closes it
  BlockFile(
      PageCache cache,
      Scheduler scheduler,
      DataFile file,
      long fileId,
      BlockDecoder decoder,
      boolean isWritable) {
    this.cache = cache;
    this.file = file;
    this.fileId = fileId;
    this.decoder = decoder;
    this.isWritable = isWritable;
    this.transfers = new UseGate(scheduler);
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

  boolean isWritable() {
    return isWritable;
  }

  void requireOpen() {
    if (transfers.isClosed()) {
      throw detached();
    }
  }

  private IllegalStateException detached() {
    return new IllegalStateException("file " + file.path() + " is detached from the cache");
  }

  /// Counts a transfer of the file in, so that [#close()] waits for it.
  void enterTransfer() {
    if (!transfers.enter()) {
      throw detached();
    }
  }

  void leaveTransfer() {
    transfers.leave();
  }

  /// Stops further use, waits for transfers of the file that run, and drops its frames; those that
  /// are still pinned stay readable until they are given back. The second call does nothing.
  ///
  /// @throws IllegalStateException when the file is a [PageFile]'s, which is to be closed instead
  @Override
  public void close() {
    if (isWritable) {
      throw new IllegalStateException(
          "file " + file.path() + " is written through the cache: close its PageFile");
    }
    detach();
  }

  void detach() {
    if (transfers.close()) {
      transfers.awaitUnused();
      cache.detach(this);
    }
  }

  @Override
  public String toString() {
    return "BlockFile[" + file.path() + (transfers.isClosed() ? ", detached]" : "]");
  }
}
