package dev.iobus.storage.page;

import org.jspecify.annotations.Nullable;

/// One read of one block, by the caller that registered it; others wait for its end. All but the
/// constant fields is guarded by the lock of its stripe in [BlockLoads].
final class BlockLoad implements BlockPlace {

  private final BlockFile file;
  private final long offset;
  private final int pages;
  final Keep keep;

  /// Callers that joined before the load was sealed: each is owed one pin of the result.
  int waiters;

  /// No more callers can join.
  boolean sealed;

  boolean done;

  /// Null where the load failed, or ended without reading because the block was there after all.
  @Nullable BlockMemory memory;

  @Nullable Throwable failure;

  BlockLoad(BlockFile file, long offset, int pages, Keep keep) {
    this.file = file;
    this.offset = offset;
    this.pages = pages;
    this.keep = keep;
  }

  @Override
  public BlockFile file() {
    return file;
  }

  @Override
  public long offset() {
    return offset;
  }

  @Override
  public int pages() {
    return pages;
  }

  /// What becomes of the decoded block.
  enum Keep {
    /// It goes to a frame, if one can be had.
    IN_FRAME,
    /// As `IN_FRAME`, but nobody waits for it yet: without a frame it is dropped, and its loader
    /// gets no pin.
    AHEAD,
    /// It goes to a buffer of its caller and leaves no trace in the cache.
    NOWHERE
  }
}
