package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// All handles of a bus, made once: `capacity` for operations, then one cancel for each.
///
/// User data = generation << 32 | index, and [RequestQueue#PLAIN] of what is in flight as a plain
/// request. The generation of a handle rises with every use, so that a completion which comes late or
/// twice is noticed and never taken for another's. An operation's handle is used again only when its
/// cancel is idle, too.
///
/// Confined to the bus thread.
final class HandleTable {

  static final long GENERATION = 1L << 32;

  private final Handle[] handles;

  /// The same ones, and none behind them: so long that a mask makes any number a place.
  private final @Nullable Handle[] places;

  private final int capacity;

  /// The lower halves of user data.
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
    places = Arrays.copyOf(handles, Integer.highestOneBit(handles.length * 2 - 1));
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
    Handle handle = handles[free[--freeCount] & Integer.MAX_VALUE];
    if (handle.op != op) {
      handle.op = op;
    }
    prepare(handle, op);
    return handle;
  }

  /// Begins another use of a handle.
  void prepare(Handle handle, Op op) {
    handle.bits = Handle.prepared(op);
    handle.userData += GENERATION;
  }

  /// The cancel that belongs to an operation; prepared, unless it is in use already.
  Handle prepareCancel(Handle target) {
    Handle cancel = handles[capacity + target.index()];
    target.stopBeingPlain();
    if (cancel.state() == Handle.State.IDLE) {
      cancel.op = Op.CANCEL;
      cancel.bits = Handle.prepared(Op.CANCEL);
      cancel.userData += GENERATION;
      cancel.extras.target = target.target();
      cancel.request.offset = target.userData;
    }
    return cancel;
  }

  /// Whether the cancel of an operation is in use.
  boolean hasCancel(Handle target) {
    return handles[capacity + target.index()].state() != Handle.State.IDLE;
  }

  /// The operation that a cancel belongs to.
  Handle targetOf(Handle cancel) {
    return handles[cancel.index() - capacity];
  }

  /// Gives a handle back.
  void free(Handle handle) {
    if (handle.isPlainAndFree()) {
      handle.resetPlain();
      free[freeCount++] = (int) handle.userData; // It has no cancel.
    } else {
      freeWithCancel(handle);
    }
  }

  private void freeWithCancel(Handle handle) {
    handle.reset();
    int operation = handle.index() < capacity ? handle.index() : handle.index() - capacity;
    boolean bothIdle =
        handles[operation].state() == Handle.State.IDLE
            && handles[capacity + operation].state() == Handle.State.IDLE;
    if (bothIdle) {
      free[freeCount++] = operation;
    }
  }

  /// The handle that a completion ends with nothing else to do ([Handle#STRAIGHT]); null if there is
  /// none, also for what is no completion of a handle.
  @Nullable Handle straight(long userData) {
    Handle handle = places[(int) userData & places.length - 1];
    boolean straight =
        handle != null && handle.userData == userData && (handle.bits & Handle.STRAIGHT) != 0;
    return straight ? handle : null;
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
    if (handle.userData != userData || handle.state() != Handle.State.IN_FLIGHT) {
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
