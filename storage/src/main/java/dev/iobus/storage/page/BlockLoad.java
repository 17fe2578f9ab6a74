package dev.iobus.storage.page;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One read of one block, by the caller that registered it in [BlockLoads]; others wait for its end.
///
/// Who joins it before it is sealed is owed a pin of its result. Its word, without a lock:
///
/// ```
/// 31      27     26      25       24      23           0
/// |      | awaited | ended | sealed | who has joined  |
/// ```
final class BlockLoad implements BlockPlace {

  private static final int SEALED = 1 << 24;
  private static final int ENDED = 1 << 25;
  private static final int AWAITED = 1 << 26;
  private static final int JOINED_MASK = SEALED - 1;

  private final BlockFile file;
  private final long offset;
  private final int pages;
  final Keep keep;
  final BlockLoads.Key key;

  private final AtomicInteger word = new AtomicInteger();

  // By the loader alone.

  /// How long the decoded block is that found no memory; −1 as long as none did.
  int lacking = -1;

  /// Memory of that length that the loader has waited for, until an attempt uses it.
  private @Nullable TransientBlock granted;

  // Written by the loader before the end, read by others after it.
  private @Nullable BlockMemory memory;
  private @Nullable Throwable failure;

  BlockLoad(BlockFile file, long offset, int pages, Keep keep) {
    this.file = file;
    this.offset = offset;
    this.pages = pages;
    this.keep = keep;
    this.key = new BlockLoads.Key(file.fileId(), offset);
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

  /// Takes over memory for the next attempt.
  void grant(TransientBlock memory) {
    dropGranted();
    granted = memory;
  }

  /// The memory that was granted, if it is of that length: a page may have changed meanwhile.
  @Nullable TransientBlock takeGranted(int length) {
    TransientBlock memory = granted;
    if (memory == null || memory.memory().byteSize() != length) {
      return null;
    }
    granted = null;
    return memory;
  }

  /// Gives back memory that was granted and not used.
  void dropGranted() {
    TransientBlock memory = granted;
    granted = null;
    if (memory != null) {
      memory.unpin();
    }
  }

  /// Adds a caller who is owed a pin; false when the load is sealed.
  boolean join() {
    int seen = word.get();
    while ((seen & SEALED) == 0) {
      if (word.compareAndSet(seen, seen + 1)) {
        return true;
      }
      seen = word.get();
    }
    return false;
  }

  /// Lets nobody join any more and returns how many have; by the loader.
  int seal() {
    return word.getAndUpdate(n -> n | SEALED) & JOINED_MASK;
  }

  /// Ends the load; by the loader. Returns whether somebody waits for the end.
  ///
  /// @param result with the pins that are owed, of a sealed load; null where it failed, or ended
  ///     without reading because the block was there after all
  boolean end(@Nullable BlockMemory result, @Nullable Throwable cause) {
    assert !isEnded() : "a load ended twice";
    assert result == null || (word.get() & SEALED) != 0 : "a load completed before it was sealed";
    memory = result;
    failure = cause;
    return (word.getAndUpdate(n -> n | SEALED | ENDED) & AWAITED) != 0;
  }

  boolean isEnded() {
    return (word.get() & ENDED) != 0;
  }

  /// Notes that somebody waits for the end, unless it has come.
  void awaitEnd() {
    word.getAndUpdate(n -> n | AWAITED);
  }

  /// The result of a load that has ended; null where it has none.
  @Nullable BlockMemory memory() {
    return memory;
  }

  /// Why a load that has ended has no result; null when it was withdrawn.
  @Nullable Throwable failure() {
    return failure;
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
