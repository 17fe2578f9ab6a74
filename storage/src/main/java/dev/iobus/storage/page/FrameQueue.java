package dev.iobus.storage.page;

import org.jspecify.annotations.Nullable;

/// Frames in the order in which they came, linked through the frames themselves: each is in one
/// queue at most. Guarded by the [FrameAllocator].
final class FrameQueue {

  private @Nullable Frame first;
  private @Nullable Frame last;
  private int size;

  int size() {
    return size;
  }

  /// The one that has been here for longest; null when the queue is empty.
  @Nullable Frame first() {
    return first;
  }

  boolean isEmpty() {
    return first == null;
  }

  /// The one that came last; null when the queue is empty.
  @Nullable Frame last() {
    return last;
  }

  void add(Frame frame) {
    assert frame.queue == null : "a frame is queued twice";
    Frame before = last;
    frame.queue = this;
    frame.queuedBefore = before;
    if (before == null) {
      first = frame;
    } else {
      before.queuedAfter = frame;
    }
    last = frame;
    size++;
  }

  void remove(Frame frame) {
    assert frame.queue == this : "a frame is in another queue";
    Frame before = frame.queuedBefore;
    Frame after = frame.queuedAfter;
    if (before == null) {
      first = after;
    } else {
      before.queuedAfter = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.queuedBefore = before;
    }
    frame.queue = null;
    frame.queuedBefore = null;
    frame.queuedAfter = null;
    size--;
  }
}
