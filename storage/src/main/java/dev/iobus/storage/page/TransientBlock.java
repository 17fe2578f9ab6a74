package dev.iobus.storage.page;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// A block in a buffer of its own, freed with its last pin. Starts with one pin. Thread-safe.
final class TransientBlock implements BlockMemory {

  private final TransientMemory owner;
  private final long reservedBytes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final MemorySegment bytes;
  private final AtomicInteger pins = new AtomicInteger(1);

  /// @param reservedBytes what goes back to `owner` when the block is freed, at least 1
  TransientBlock(TransientMemory owner, long reservedBytes, long length) {
    this.owner = owner;
    this.reservedBytes = reservedBytes;
    this.memory = arena.allocate(reservedBytes, PageCache.PAGE_BYTES).asSlice(0, length);
    this.bytes = memory.asReadOnly();
  }

  /// Writable, for the loader alone.
  MemorySegment memory() {
    return memory;
  }

  @Override
  public MemorySegment bytes() {
    return bytes;
  }

  /// Adds `count` pins; the caller holds one.
  void pin(int count) {
    int before = pins.getAndAdd(count);
    assert before > 0 : "a freed block is pinned";
  }

  @Override
  public void unpin() {
    int left = pins.decrementAndGet();
    assert left >= 0 : "unpin without a pin";
    if (left == 0) {
      arena.close();
      owner.freed(reservedBytes);
    }
  }
}
