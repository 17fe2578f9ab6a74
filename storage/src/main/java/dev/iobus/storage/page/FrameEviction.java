package dev.iobus.storage.page;

/// How frames are given up: a frame first loses its block, which nobody finds any more then, and is
/// free once nobody has it pinned. Guarded by the [FrameAllocator].
final class FrameEviction {

  private final FrameTable table;
  private final PinSlots slots;
  private final FrequencySketch sketch;
  private final SizeClass[] classes;
  private long evictions;

  FrameEviction(
      FrameTable table, PinSlots slots, FrequencySketch sketch, SizeClass[] classes) {
    this.table = table;
    this.slots = slots;
    this.sketch = sketch;
    this.classes = classes;
  }

  /// Gives a frame up; false when it is pinned. If that is seen late, its block is lost to the
  /// table all the same, and the clock meets the frame later.
  boolean evict(Frame frame) {
    retire(frame);
    return reclaim(frame);
  }

  /// Takes the block of a frame out of the table; false when its word has a pin, or it was out.
  boolean retire(Frame frame) {
    if (!frame.tryRetireIdle()) {
      return false;
    }
    table.remove(frame);
    sketch.raise(FrameTable.hash(frame.fileId(), frame.offset()), frame.uses());
    frame.dropUses();
    evictions++;
    return true;
  }

  /// Frees a frame that has lost its block; false when it has not, or has a pin: then the clock
  /// meets it later.
  boolean reclaim(Frame frame) {
    if (!frame.tryReclaim(slots)) {
      return false;
    }
    release(frame);
    return true;
  }

  /// Drops the frames of one file; those that are pinned can be read until they are given back, and
  /// the clock meets them later.
  void evictFile(long fileId) {
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        for (Frame frame : extent.frames) {
          // Only a LOADED frame leaves that state, and its file id is stable once evicted by us.
          if (frame.fileId() == fileId && !evict(frame) && frame.tryPin(fileId, frame.offset())) {
            table.retire(frame);
            frame.unpin();
            reclaim(frame);
          }
        }
      }
    }
  }

  /// Evicts every frame that is not pinned and returns how many are.
  int evictAll() {
    int pinned = 0;
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        for (Frame frame : extent.frames) {
          evict(frame);
          if (frame.state() != Frame.FREE) {
            pinned++;
          }
        }
      }
    }
    return pinned;
  }

  /// Takes back a frame that holds nothing.
  void release(Frame frame) {
    frame.free();
    frame.extent.freeCount++;
    classes[frame.extent.sizeClass].giveBack(frame);
  }

  long evictions() {
    return evictions;
  }
}
