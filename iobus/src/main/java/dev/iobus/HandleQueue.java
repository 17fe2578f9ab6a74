package dev.iobus;

/// Handles in order of arrival, each at most once. Bounded by the table; allocates nothing.
///
/// Confined to the bus thread.
final class HandleQueue {

  private final Handle[] handles;
  private int head;
  private int count;

  HandleQueue(int capacity) {
    handles = new Handle[capacity];
  }

  boolean isEmpty() {
    return count == 0;
  }

  int size() {
    return count;
  }

  void add(Handle handle) {
    int tail = head + count;
    handles[tail < handles.length ? tail : tail - handles.length] = handle;
    count++;
    assert count <= handles.length : "a handle was queued twice";
  }

  /// Takes the oldest; there must be one.
  Handle remove() {
    assert count > 0 : "the queue is empty";
    Handle handle = handles[head];
    head = head + 1 < handles.length ? head + 1 : 0;
    count--;
    return handle;
  }
}
