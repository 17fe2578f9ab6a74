package dev.iobus;

/// Results in order of arrival. An operation with many results may have several here, so each
/// stands with its own outcome.
///
/// It holds as many as come: operations that end once are bounded by the table of handles, and of
/// the others no more are taken from the backend than one wait brings. It grows when that is more
/// than ever before, and allocates nothing otherwise.
///
/// Confined to the bus thread.
final class ReadyQueue {

  private final HandleTable table;

  /// Numbers of handles: a store of a reference costs the collector's barrier.
  private int[] handles;

  private int[] outcomes;
  private int[] flags;
  private int head;
  private int count;

  ReadyQueue(HandleTable table) {
    this.table = table;
    handles = new int[table.size()];
    outcomes = new int[table.size()];
    flags = new int[table.size()];
  }

  boolean isEmpty() {
    return count == 0;
  }

  int size() {
    return count;
  }

  void add(Handle handle, int outcome, int completionFlags) {
    if (count == handles.length) {
      grow();
    }
    int at = head + count < handles.length ? head + count : head + count - handles.length;
    handles[at] = handle.index;
    outcomes[at] = outcome;
    flags[at] = completionFlags;
    count++;
  }

  /// Takes the oldest into its handle; there must be one.
  Handle remove() {
    assert count > 0 : "the queue is empty";
    Handle handle = table.get(handles[head]);
    handle.outcome = outcomes[head];
    handle.flags = flags[head];
    head = head + 1 < handles.length ? head + 1 : 0;
    count--;
    return handle;
  }

  private void grow() {
    int length = handles.length;
    int[] moreHandles = new int[2 * length];
    int[] moreOutcomes = new int[2 * length];
    int[] moreFlags = new int[2 * length];
    for (int i = 0; i < count; i++) {
      int at = head + i < length ? head + i : head + i - length;
      moreHandles[i] = handles[at];
      moreOutcomes[i] = outcomes[at];
      moreFlags[i] = flags[at];
    }
    handles = moreHandles;
    outcomes = moreOutcomes;
    flags = moreFlags;
    head = 0;
  }
}
