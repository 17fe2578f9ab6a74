package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;

/// All handles of a bus, made once: `capacity` for operations, then one cancel for each.
///
/// User data = generation << 32 | index, and [RequestQueue#PLAIN] of what is in flight as a plain
/// request. The generation of a handle rises with every use, so that a completion which comes late or
/// twice is noticed and never taken for another's. An operation's handle is used again only when its
/// cancel is idle, too.
///
/// Confined to the bus thread.
final class HandleTable {

  private static final long GENERATION = 1L << 32;

  private final Handle[] handles;
  private final int capacity;
  private final int[] free;
  private int freeCount;

  HandleTable(Bus bus, int capacity) {
    this.capacity = capacity;
    handles = new Handle[2 * capacity];
    Request[] requests = new Request[handles.length];
    Extras[] extras = new Extras[handles.length];
    for (int i = 0; i < handles.length; i++) {
      requests[i] = new Request();
      extras[i] = new Extras();
    }
    for (int i = 0; i < handles.length; i++) {
      handles[i] = new Handle(bus, i, requests[i], extras[i]);
    }
    for (Handle handle : handles) {
      handle.result = new Result(bus, handle);
    }
    free = new int[capacity];
    for (int i = 0; i < capacity; i++) {
      free[i] = capacity - 1 - i;
    }
    freeCount = capacity;
  }

  /// Takes a handle for an operation.
  ///
  /// @throws QueueFullException if all are in use
  Handle take(Op op) {
    if (freeCount == 0) {
      throw new QueueFullException(
          "all " + capacity + " handles are in use; dispatch, then call done, before more");
    }
    Handle handle = handles[free[--freeCount]];
    if (handle.op != op) {
      handle.op = op;
    }
    handle.plain = false;
    handle.state = Handle.State.PREPARED;
    handle.userData += GENERATION;
    return handle;
  }

  /// The cancel that belongs to an operation; prepared, unless it is in use already.
  Handle prepareCancel(Handle target) {
    Handle cancel = handles[capacity + target.index];
    target.plain = false;
    if (cancel.state == Handle.State.IDLE) {
      cancel.op = Op.CANCEL;
      cancel.state = Handle.State.PREPARED;
      cancel.userData += GENERATION;
      cancel.extras.target = target.target();
      cancel.request.offset = target.userData;
    }
    return cancel;
  }

  /// Whether the cancel of an operation is in use.
  boolean hasCancel(Handle target) {
    return handles[capacity + target.index].state != Handle.State.IDLE;
  }

  /// The operation that a cancel belongs to.
  Handle targetOf(Handle cancel) {
    return handles[cancel.index - capacity];
  }

  /// Gives a handle back.
  void free(Handle handle) {
    if (handle.plain) {
      handle.resetPlain();
      handle.state = Handle.State.IDLE;
      free[freeCount++] = handle.index; // It has no cancel.
    } else {
      freeWithCancel(handle);
    }
  }

  private void freeWithCancel(Handle handle) {
    handle.reset();
    handle.state = Handle.State.IDLE;
    int operation = handle.index < capacity ? handle.index : handle.index - capacity;
    boolean bothIdle =
        handles[operation].state == Handle.State.IDLE
            && handles[capacity + operation].state == Handle.State.IDLE;
    if (bothIdle) {
      free[freeCount++] = operation;
    }
  }

  /// The handle that a completion belongs to.
  ///
  /// @throws AssertionError if it belongs to none: a result came twice, or from nowhere
  Handle completed(long userData) {
    int index = (int) userData & ~(int) RequestQueue.PLAIN;
    if (index >= handles.length) {
      throw new AssertionError("completion of unknown handle " + index);
    }
    Handle handle = handles[index];
    if (handle.userData != userData || handle.state != Handle.State.IN_FLIGHT) {
      throw unexpected(userData, handle);
    }
    return handle;
  }

  private static AssertionError unexpected(long userData, Handle handle) {
    return new AssertionError(
        "completion of generation " + (userData >>> 32) + " for " + handle + " of generation "
            + (handle.userData >>> 32));
  }

  int size() {
    return handles.length;
  }

  Handle get(int index) {
    return handles[index];
  }
}
