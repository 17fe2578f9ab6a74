package dev.iobus;

/// Results in order of arrival, but for those that go to a sink at once ([DirectResults]). An
/// operation with many results may have several here, so each of those stands with its own outcome;
/// one that ends with its only result has it in its handle.
///
/// It holds as many as come: operations that end once are bounded by the table of handles, and of
/// the others no more are taken from the backend than one wait brings. It grows when that is more
/// than ever before, and allocates nothing otherwise.
///
/// Confined to the bus thread.
final class ReadyQueue {

  private final HandleTable table;
  private final DirectResults direct;

  /// Numbers of handles, as a store of a reference costs the collector's barrier; the complement of
  /// one whose result stands here. The length is a power of two.
  private int[] handles;

  // At the same places, results that stand here.
  private int[] outcomes;
  private int[] flags;

  // Places that were taken and added since the beginning; they overflow, and a mask makes them places.
  private int head;
  private int tail;

  /// @param direct the way past this queue, closed whenever something stands in it
  ReadyQueue(HandleTable table, DirectResults direct) {
    this.table = table;
    this.direct = direct;
    handles = new int[Integer.highestOneBit(table.size() * 2 - 1)];
    outcomes = new int[handles.length];
    flags = new int[handles.length];
  }

  boolean isEmpty() {
    return head == tail;
  }

  int size() {
    return tail - head;
  }

  /// Adds the only result of an operation, which stands in its handle.
  void add(Handle handle) {
    handles[next()] = handle.index();
  }

  /// Adds a result of an operation.
  void add(Handle handle, int outcome, int completionFlags) {
    int at = next();
    handles[at] = ~handle.index();
    outcomes[at] = outcome;
    flags[at] = completionFlags;
  }

  /// The place for one more.
  private int next() {
    direct.close();
    if (tail - head == handles.length) {
      grow();
    }
    return tail++ & handles.length - 1;
  }

  /// Whose the oldest result is, which still stands here; there must be one.
  Handle first() {
    assert head != tail : "the queue is empty";
    int index = handles[head & handles.length - 1];
    return table.get(index >= 0 ? index : ~index);
  }

  /// Takes the oldest into its handle; there must be one.
  void remove() {
    int at = head++ & handles.length - 1;
    int index = handles[at];
    if (index < 0) {
      Handle handle = table.get(~index);
      handle.outcome = outcomes[at];
      handle.flags = flags[at];
    }
  }

  private void grow() {
    handles = doubled(handles);
    outcomes = doubled(outcomes);
    flags = doubled(flags);
    tail -= head;
    head = 0;
  }

  /// Twice as long, with the oldest first.
  private int[] doubled(int[] full) {
    int[] more = new int[2 * full.length];
    for (int i = 0; i < full.length; i++) {
      more[i] = full[head + i & full.length - 1];
    }
    return more;
  }
}
