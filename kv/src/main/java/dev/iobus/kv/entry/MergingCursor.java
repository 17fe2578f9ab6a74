package dev.iobus.kv.entry;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Many sorted cursors as one. Owns the cursors and closes them. Confined to one thread.
///
/// A binary heap of the valid cursors, smallest entry on top when walking forward, largest when
/// walking backward. Turning round seeks every cursor but the current one to the other side of
/// the current entry. Cursors given earlier win ties, so the order of equal entries is stable.
/// After an exception the cursor is invalid until the next seek.
public final class MergingCursor implements EntryCursor {

  private enum Direction {
    FORWARD,
    BACKWARD
  }

  private final EntryCursor[] cursors;

  /// Indexes into [#cursors]; the first [#size] are the heap.
  private final int[] heap;

  /// The current entry of each cursor in the heap, kept here so that comparing calls nobody.
  private final MemorySegment[] keys;
  private final long[] tags;

  private Direction direction = Direction.FORWARD;
  private int size;

  /// @param cursors newest source first; closed with this cursor
  public MergingCursor(EntryCursor... cursors) {
    this.cursors = cursors.clone();
    this.heap = new int[cursors.length];
    this.keys = new MemorySegment[cursors.length];
    this.tags = new long[cursors.length];
    Arrays.fill(keys, MemorySegment.NULL);
  }

  @Override
  public boolean isValid() {
    return size > 0;
  }

  @Override
  public void seekToFirst() throws IOException {
    size = 0;
    for (EntryCursor cursor : cursors) {
      cursor.seekToFirst();
    }
    build(Direction.FORWARD);
  }

  @Override
  public void seekToLast() throws IOException {
    size = 0;
    for (EntryCursor cursor : cursors) {
      cursor.seekToLast();
    }
    build(Direction.BACKWARD);
  }

  @Override
  public void seek(MemorySegment key, long tag) throws IOException {
    size = 0;
    for (EntryCursor cursor : cursors) {
      cursor.seek(key, tag);
    }
    build(Direction.FORWARD);
  }

  @Override
  public void seekBefore(MemorySegment key, long tag) throws IOException {
    size = 0;
    for (EntryCursor cursor : cursors) {
      cursor.seekBefore(key, tag);
    }
    build(Direction.BACKWARD);
  }

  @Override
  public void next() throws IOException {
    EntryCursor current = current();
    if (direction == Direction.BACKWARD) {
      int top = heap[0];
      size = 0;
      for (int i = 0; i < cursors.length; i++) {
        if (i != top) {
          cursors[i].seek(keys[top], tags[top]);
        }
      }
      current.next();
      build(Direction.FORWARD);
      return;
    }
    int before = size;
    size = 0;
    current.next();
    size = before;
    settleTop();
  }

  @Override
  public void previous() throws IOException {
    EntryCursor current = current();
    if (direction == Direction.FORWARD) {
      int top = heap[0];
      size = 0;
      for (int i = 0; i < cursors.length; i++) {
        if (i != top) {
          cursors[i].seekBefore(keys[top], tags[top]);
        }
      }
      current.previous();
      build(Direction.BACKWARD);
      return;
    }
    int before = size;
    size = 0;
    current.previous();
    size = before;
    settleTop();
  }

  @Override
  public MemorySegment key() {
    current();
    return keys[heap[0]];
  }

  @Override
  public long tag() {
    current();
    return tags[heap[0]];
  }

  @Override
  public MemorySegment value() {
    return current().value();
  }

  @Override
  public void close() {
    size = 0;
    for (EntryCursor cursor : cursors) {
      cursor.close();
    }
  }

  private EntryCursor current() {
    if (size == 0) {
      throw new IllegalStateException("the cursor is not at an entry");
    }
    return cursors[heap[0]];
  }

  private void build(Direction newDirection) {
    direction = newDirection;
    int count = 0;
    for (int i = 0; i < cursors.length; i++) {
      if (cursors[i].isValid()) {
        keys[i] = cursors[i].key();
        tags[i] = cursors[i].tag();
        heap[count++] = i;
      }
    }
    size = count;
    for (int i = (count >>> 1) - 1; i >= 0; i--) {
      siftDown(i);
    }
  }

  /// Restores the heap after the top cursor has moved.
  private void settleTop() {
    int top = heap[0];
    if (cursors[top].isValid()) {
      keys[top] = cursors[top].key();
      tags[top] = cursors[top].tag();
    } else {
      heap[0] = heap[--size];
    }
    if (size > 1) {
      siftDown(0);
    }
  }

  private void siftDown(int from) {
    int moving = heap[from];
    int at = from;
    for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      if (!isBefore(heap[child], moving)) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moving;
  }

  private boolean isBefore(int a, int b) {
    int order = InternalKey.compare(keys[a], tags[a], keys[b], tags[b]);
    if (order == 0) {
      order = Integer.compare(a, b);
    }
    return direction == Direction.FORWARD ? order < 0 : order > 0;
  }
}
