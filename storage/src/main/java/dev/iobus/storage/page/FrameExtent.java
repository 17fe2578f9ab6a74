package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;

/// One MiB of frame memory, cut into frames of one class. When all its frames are free it can be
/// cut anew; the old frame objects then stay FREE forever, so a reader that still holds one never
/// gets a pin from it. Guarded by the [FrameAllocator], but for the constant fields.
final class FrameExtent {

  static final int BYTES = 1 << 20;

  private final MemorySegment memory;
  final int sizeClass;
  final Frame[] frames;

  /// How many of its frames are FREE.
  int freeCount;

  FrameExtent(MemorySegment memory, int sizeClass) {
    assert memory.byteSize() == BYTES;
    this.memory = memory;
    this.sizeClass = sizeClass;
    int capacity = FrameSizes.capacity(sizeClass);
    this.frames = new Frame[BYTES / capacity];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = new Frame(this, memory.asSlice((long) i * capacity, capacity));
    }
    this.freeCount = frames.length;
  }

  boolean isEmpty() {
    return freeCount == frames.length;
  }

  /// The same memory, cut for another class; this object is dead afterwards.
  FrameExtent recut(int newSizeClass) {
    assert isEmpty() : freeCount + " of " + frames.length + " frames are free";
    return new FrameExtent(memory, newSizeClass);
  }
}
