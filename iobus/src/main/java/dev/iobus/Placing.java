package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import dev.iobus.events.BusEvents;
import java.io.IOException;

/// Where handles are enqueued: checks them, and starts them one by one or as a run. What is plain and
/// meets nothing that holds it back goes straight to the backend.
///
/// Confined to the bus thread.
final class Placing {

  /// What the bits of a plain operation whose result was dispatched have more than when it was prepared.
  private static final int ENDED =
      Handle.State.COMPLETED + Handle.DISPATCHED - Handle.State.PREPARED;

  /// What they have more when it has started.
  private static final int STARTED =
      Handle.State.IN_FLIGHT + Handle.STRAIGHT - Handle.State.PREPARED;

  // Constant after construction.
  private final Backend backend;
  private final HandleTable table;
  private final InFlight flight;
  private final ResultWaits waits;
  private final Barrier barrier;
  private final Closings closings;
  private final BusCounts counts;
  private final int runMax;

  // Owned by the bus thread.
  /// How many operations of the one kind may still go straight to the backend before it has to be
  /// looked again what holds them back; and how many might when that was looked last. What went is
  /// counted by [#settle()], not one by one.
  private int straightLeft;

  private int straightMax;
  private Op straightOp = Op.NOP;

  /// The bits of a handle of that kind that is prepared, plain, and has no callback.
  private int straightBits = Handle.prepared(Op.NOP) | Handle.PLAIN;

  /// @param runMax the longest run, with its deadlines
  Placing(
      Backend backend,
      HandleTable table,
      InFlight flight,
      ResultWaits waits,
      Barrier barrier,
      Closings closings,
      BusCounts counts,
      int runMax) {
    this.backend = backend;
    this.table = table;
    this.flight = flight;
    this.waits = waits;
    this.barrier = barrier;
    this.closings = closings;
    this.counts = counts;
    this.runMax = runMax;
  }

  /// Checks all handles before it changes any, then prepares them, as one run if they are linked.
  void place(Bus bus, Handle[] handles, Link link) throws IOException {
    int length = link == Link.NONE ? 0 : runLength(handles);
    int checked = 0;
    boolean fit = false;
    try {
      for (; checked < handles.length; checked++) {
        checkFit(bus, handles[checked], link);
        if (handles[checked].state() == Handle.State.PREPARED) {
          handles[checked].enter(Handle.State.PLACING);
        }
      }
      if (link != Link.NONE && backend.room() < length) {
        waits.submit();
      }
      fit = true;
    } finally {
      for (int i = 0; !fit && i < checked; i++) {
        if (handles[i].state() == Handle.State.PLACING) {
          handles[i].enter(Handle.State.PREPARED);
        }
      }
    }
    boolean runWaits = link != Link.NONE && closings.holds(handles);
    if (link != Link.NONE) {
      tie(handles, link);
    }
    for (int i = 0; i < handles.length; i++) {
      if (handles[i].state() == Handle.State.PLACING) {
        boolean behindClose = link != Link.NONE ? runWaits : closings.holds(handles[i]);
        flight.start(bus, handles[i], i < handles.length - 1 ? link : Link.NONE, behindClose);
      }
    }
  }

  private static void tie(Handle[] run, Link link) {
    for (int i = 0; i < run.length; i++) {
      run[i].stopBeingPlain(); // Also the last one, which is tied to the one before it.
      run[i].extras.behind = i > 0;
      run[i].extras.next = link == Link.CHAIN && i < run.length - 1 ? run[i + 1] : null;
    }
  }

  /// As [#place(Bus, Handle[], Link)] for one handle. What is plain, and meets nothing that holds it
  /// back, goes straight to the backend.
  void place(Bus bus, Handle handle) throws IOException {
    bus.checkMine(handle);
    if ((handle.bits & ~Handle.ASIDE) == straightBits && straightLeft > 0) {
      placePrepared(bus, handle);
    } else if (goesStraight(handle)) {
      placePrepared(bus, handle);
      if ((handle.bits & Handle.CALLS) != 0) {
        handle.bits &= ~Handle.STRAIGHT;
      }
    } else {
      placeAlone(bus, handle);
    }
  }

  private void placePrepared(Bus bus, Handle handle) {
    place(bus, handle, handle.bits + STARTED, handle.userData | RequestQueue.PLAIN);
  }

  private void place(Bus bus, Handle handle, int bits, long userData) {
    BusFile file = handle.file;
    Request request = handle.request;
    if (file != null) {
      use(bus, handle, file);
    }
    straightLeft--;
    handle.bits = bits;
    handle.userData = userData;
    if (file == null) {
      backend.prepareNop(request, userData);
    } else {
      backend.preparePlain(request, straightOp, userData);
    }
  }

  /// Gives a request the number of its file, and has what it holds count it. Changes nothing when it
  /// throws.
  private static void use(Bus bus, Handle handle, BusFile file) {
    Request request = handle.request;
    Checks.alive(request.buffer);
    boolean held = handle.holds() && handle.holdBuffer();
    try {
      request.file = bus.fileNumber(file);
    } catch (IllegalStateException closed) {
      if (held) {
        handle.releaseBuffer();
      }
      throw closed;
    }
    request.fixedFile = file instanceof RegisteredFile;
    if (file instanceof RegisteredFile registered) {
      registered.retain();
    }
  }

  /// Enqueues again what a dispatched result has ended; see [Bus#rearm].
  void rearm(Bus bus, Handle handle) throws IOException {
    boolean plain = RequestQueue.isPlain(handle.userData);
    boolean straight =
        plain && (rearmsAtOnce(handle, handle.userData) || rearmsStraight(handle));
    if (!straight) {
      Rearming.prepare(bus, table, handle);
      placeRearmed(bus, handle);
    }
  }

  /// Starts what was just found fit. Another thread that closes its file or frees its memory at this moment
  /// must not leave it prepared, with its result lost: it ends with EBADF or EFAULT.
  void placeRearmed(Bus bus, Handle handle) throws IOException {
    try {
      place(bus, handle);
    } catch (IllegalStateException gone) {
      if (handle.state() != Handle.State.PREPARED) {
        throw gone;
      }
      if (Checks.isAlive(handle.request.buffer)) {
        flight.start(bus, handle, Link.NONE, false);
      } else {
        endFreed(bus, handle);
      }
    }
  }

  /// Has the next wait end what has lost its memory: the backend must not see its addresses.
  private void endFreed(Bus bus, Handle handle) {
    settle();
    handle.userData &= ~RequestQueue.PLAIN;
    handle.stopBeingPlain();
    handle.enter(Handle.State.IN_FLIGHT);
    flight.started(1);
    barrier.started(handle);
    if (handle.file instanceof RegisteredFile registered) {
      registered.retain();
    }
    flight.takesMore(handle);
    if (bus.isPolled()) {
      backend.notice(); // No completion will tell of it.
    }
  }

  /// As [#rearm], of what went straight to the backend, and may again. Returns whether it went.
  ///
  /// @param userData of the operation: the handle may have become another's
  boolean rearmsAtOnce(Handle handle, long userData) {
    int bits = handle.bits;
    if ((bits & ~Handle.ASIDE) != straightBits + ENDED
        || straightLeft <= 0
        || handle.userData != userData) {
      return false;
    }
    place(handle.bus, handle, bits - ENDED + STARTED, userData + HandleTable.GENERATION);
    return true;
  }

  private boolean rearmsStraight(Handle handle) {
    int plain = Handle.prepared(handle.op) | Handle.PLAIN;
    boolean straight =
        (handle.bits & ~Handle.ASIDE) == plain + ENDED && mayGoStraight(handle.op);
    return straight && rearmsAtOnce(handle, handle.userData);
  }

  /// Looks once, before many are done again, whether what was placed last may go straight.
  void lookAhead() {
    if (straightLeft <= 0) {
      mayGoStraight(straightOp);
    }
  }

  private boolean goesStraight(Handle handle) {
    return handle.isPlain()
        && handle.state() == Handle.State.PREPARED
        && ((straightLeft > 0 && handle.op == straightOp) || mayGoStraight(handle.op));
  }

  /// Whether an operation may go straight, and as many of its kind after it as there is room for.
  private boolean mayGoStraight(Op op) {
    settle();
    if (!barrier.isIdle() || BusEvents.recordsSlowOperations()) {
      return false;
    }
    straightMax = backend.room();
    straightLeft = straightMax;
    if (straightOp != op) {
      straightOp = op;
      straightBits = Handle.prepared(op) | Handle.PLAIN;
    }
    return straightLeft > 0;
  }

  /// Counts what went straight; what comes next is looked at again. Before anything that its number
  /// matters to, or that may hold others back.
  void settle() {
    int placed = straightMax - straightLeft;
    straightMax = 0;
    straightLeft = 0;
    if (placed > 0) {
      flight.started(placed);
      counts.prepared(straightOp, placed);
      waits.prepared(placed);
    }
  }

  private void placeAlone(Bus bus, Handle handle) throws IOException {
    checkFit(bus, handle, Link.NONE);
    if (handle.state() == Handle.State.PREPARED) {
      flight.start(bus, handle, Link.NONE, closings.holds(handle));
    }
  }

  /// Enqueues an operation that starts when all before it have ended, and before all after it.
  void drainThen(Bus bus, Handle handle) throws IOException {
    checkFit(bus, handle, Link.NONE);
    if (barrier.isIdle()) {
      barrier.count(table);
    }
    handle.stopBeingPlain();
    handle.extras.drains = true;
    flight.start(bus, handle, Link.NONE, false);
  }

  /// Places that a run takes in a submission.
  private int runLength(Handle[] handles) {
    int length = handles.length;
    for (int i = 0; i < handles.length && length <= runMax; i++) {
      length += InFlight.entries(handles[i]) - 1;
    }
    if (length > runMax) {
      throw new IllegalArgumentException(
          "a run of " + handles.length + " operations and their deadlines is longer than the "
              + runMax + " that one submission carries");
    }
    return length;
  }

  private void checkFit(Bus bus, Handle handle, Link link) {
    bus.checkMine(handle);
    boolean single =
        handle.isFull() || handle.repeats() || handle.op == Op.CANCEL;
    if (link != Link.NONE && single) {
      throw new IllegalArgumentException("a " + handle.operation() + " cannot be part of a run");
    }
    if (handle.op != Op.CANCEL || handle.state() == Handle.State.IDLE) {
      Bus.checkState(handle, Handle.State.PREPARED);
    }
    BusFile file = handle.file;
    if (file != null) {
      Checks.alive(handle.request.buffer);
      bus.fileNumber(file);
      if (handle.op == Op.CLOSE) {
        closings.checkOthers(file);
      }
    }
  }
}
