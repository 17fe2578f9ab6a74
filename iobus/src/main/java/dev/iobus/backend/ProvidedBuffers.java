package dev.iobus.backend;

import java.lang.foreign.MemorySegment;

/// The buffers of one pool where the kernel takes none itself: the backend takes one when there
/// are bytes to receive. Thread-safe.
public final class ProvidedBuffers {

  private final MemorySegment[] buffers;

  // Guarded by this: numbers of the free buffers, last in first out, so that warm memory is used.
  private final int[] free;
  private int freeCount;

  /// @param slab `count` buffers of `bytes` bytes one behind the other
  public ProvidedBuffers(MemorySegment slab, int count, int bytes) {
    buffers = new MemorySegment[count];
    free = new int[count];
    for (int i = 0; i < count; i++) {
      buffers[i] = slab.asSlice((long) i * bytes, bytes);
      free[i] = count - 1 - i;
    }
    freeCount = count;
  }

  /// Takes a free buffer. Returns its number, −1 when none is free.
  public synchronized int take() {
    return freeCount == 0 ? -1 : free[--freeCount];
  }

  /// The memory of a buffer, all of it.
  public MemorySegment memory(int buffer) {
    return buffers[buffer];
  }

  /// Makes a buffer free that was taken.
  public synchronized void giveBack(int buffer) {
    assert freeCount < free.length : "buffer " + buffer + " was given back twice";
    free[freeCount++] = buffer;
  }
}
