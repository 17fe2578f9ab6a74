package dev.iobus;

import java.lang.foreign.MemorySegment;

/// A buffer that a receive has taken from a [BufferPool], with what was received. It is the
/// caller's until [BufferPool#release(PoolBuffer)], after which the object stands for a later
/// receive.
///
/// Confined to the thread that owns the bus.
public final class PoolBuffer {

  final BufferPool pool;
  final int number;

  /// Valid while the caller has it.
  private MemorySegment memory = MemorySegment.NULL;
  private boolean inUse;

  PoolBuffer(BufferPool pool, int number) {
    this.pool = pool;
    this.number = number;
  }

  /// The received bytes, no more and no less; writable.
  public MemorySegment memory() {
    if (!inUse) {
      throw new IllegalStateException("the buffer was released");
    }
    return memory;
  }

  /// How many bytes were received.
  public int length() {
    return (int) memory().byteSize();
  }

  void take(MemorySegment received) {
    memory = received;
    inUse = true;
  }

  boolean isInUse() {
    return inUse;
  }

  void giveBack() {
    inUse = false;
    memory = MemorySegment.NULL;
  }
}
