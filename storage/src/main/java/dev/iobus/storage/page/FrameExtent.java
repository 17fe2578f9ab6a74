package dev.iobus.storage.page;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One MiB of frame memory, cut into frames of one class. When all its frames are free it can be
/// cut anew, or freed; the old frame objects then stay FREE forever, so a reader that still holds
/// one never gets a pin from it. Guarded by the [FrameAllocator], but for the constant fields.
final class FrameExtent {

  static final int BYTES = 1 << 20;

  private final Arena arena;
  private final MemorySegment memory;
  final int sizeClass;
  final Frame[] frames;

  /// How many of its frames are FREE.
  int freeCount;

  /// @param arena of the memory alone; closed by [#free]
  FrameExtent(Arena arena, MemorySegment memory, int sizeClass) {
    assert memory.byteSize() == BYTES;
    this.arena = arena;
    this.memory = memory;
    this.sizeClass = sizeClass;
    int capacity = FrameSizes.capacity(sizeClass);
    this.frames = new Frame[BYTES / capacity];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = new Frame(this, memory.asSlice((long) i * capacity, capacity));
    }
    this.freeCount = frames.length;
  }

  /// Takes memory, for which the caller has reserved.
  static FrameExtent allocate(int sizeClass) {
    Arena arena = Arena.ofShared();
    return new FrameExtent(arena, arena.allocate(BYTES, 4096), sizeClass);
  }

  /// Where its memory begins.
  long address() {
    return memory.address();
  }

  /// How often its blocks were used lately, together.
  int uses() {
    int uses = 0;
    for (Frame frame : frames) {
      uses += frame.state() == Frame.LOADED ? frame.uses() : 0;
    }
    return uses;
  }

  boolean isEmpty() {
    return freeCount == frames.length;
  }

  /// The same memory, cut for another class; this object is dead afterwards.
  FrameExtent recut(int newSizeClass) {
    assert isEmpty() : freeCount + " of " + frames.length + " frames are free";
    return new FrameExtent(arena, memory, newSizeClass);
  }

  /// Frees the memory; this object is dead afterwards.
  void free() {
    assert isEmpty() : freeCount + " of " + frames.length + " frames are free";
    arena.close();
  }
}
