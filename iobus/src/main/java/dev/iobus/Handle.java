package dev.iobus;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import dev.iobus.posix.Errno;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One operation of a [Bus], from its preparation until `done`.
///
/// A handle is one place of a fixed table: after `done` the same object stands for another
/// operation, and whoever kept it must let go. It keeps the memory of its operation reachable.
///
/// Confined to the thread that owns the bus.
public final class Handle {

  /// IDLE → PREPARED → IN_FLIGHT → COMPLETED → IDLE, or, to be done again, IN_FLIGHT.
  ///
  /// PLACING is a moment inside one call of `enqueue`, between the check and the start: by it a
  /// second mention of the same handle is noticed.
  ///
  /// Numbers in the low bits of `bits`: a store of a reference costs the collector's barrier.
  static final class State {
    static final int IDLE = 0;
    static final int PREPARED = 1;
    static final int PLACING = 2;
    static final int IN_FLIGHT = 3;
    static final int COMPLETED = 4;

    private static final int MASK = 7;

    private static final String[] NAMES = {
      "IDLE", "PREPARED", "PLACING", "IN_FLIGHT", "COMPLETED"
    };

    private State() {}

    static String name(int state) {
      return NAMES[state];
    }
  }

  // Beside the state in `bits`; together in one word, so that a step of an operation to which nothing
  // else is tied is one compare and one store.

  /// Whether one request and one result are all there is to it: it is in no run, waits for nothing,
  /// has no deadline and no cancel, and nothing hangs on it but its file and its memory. Set from
  /// the preparation on of what is mostly used alone; whatever makes it otherwise clears it, in
  /// flight or before, by [#stopBeingPlain()]. The paths of what is plain and of all else meet at any
  /// step.
  static final int PLAIN = 1 << 3;

  /// Whether a result was dispatched and `done` not yet called for it.
  static final int DISPATCHED = 1 << 4;

  /// Whether it covers all of its range, in as many requests as that takes; else it is what one
  /// request does, which may be short.
  static final int FULL = 1 << 5;

  /// Whether its file is a slot or its memory a registered buffer, which count it while it is in flight.
  static final int HOLDS = 1 << 10;

  /// Whether it has results until it is cancelled or fails.
  static final int REPEATS = 1 << 6;

  /// Whether it has an attachment or a callback.
  static final int TAGGED = 1 << 7;

  /// Whether it has a callback.
  static final int CALLS = 1 << 8;

  /// Whether it is in flight, went to the backend as a plain request, is plain still and has no
  /// callback: what is to be done with its completion needs no other look.
  static final int STRAIGHT = 1 << 9;

  /// What a plain operation may have or not, and is placed in the same way.
  static final int ASIDE = TAGGED | HOLDS;

  private static final int OP_SHIFT = 16;
  private static final int OP_MASK = -1 << OP_SHIFT;

  // Constant after construction.
  final Bus bus;
  final Request request;
  final Extras extras;

  /// Set once, by the table, which makes all of them together: a batch that is looked at in turn
  /// finds several in each line of the processor's cache.
  @SuppressWarnings("NullAway.Init")
  Result result;

  // Owned by the bus thread; set when prepared.
  /// The state, what is said above, and the kind of operation: [#op], as a number.
  int bits;

  /// What the completion carries: the generation << 32, which tells it from all earlier uses, the
  /// index, and [RequestQueue#PLAIN] where it went to the backend as a plain request.
  long userData;

  Op op = Op.NOP;
  @Nullable BusFile file;
  private @Nullable Object attachment;
  @Nullable ResultSink callback;

  // Owned by the bus thread; set while in flight and after it.
  /// Of the result that was dispatched last: bytes, a descriptor or 0; or a negated error number.
  int outcome;
  /// Of the same result: a set of `CompletionFlags`; 0 of what is plain, which has one result.
  int flags;

  /// @param request its request, used by nobody else
  Handle(Bus bus, int index, Request request, Extras extras) {
    this.bus = bus;
    userData = index;
    this.request = request;
    this.extras = extras;
  }

  /// Its place in the table.
  int index() {
    return (int) userData & Integer.MAX_VALUE;
  }

  int state() {
    return bits & State.MASK;
  }

  void enter(int state) {
    bits = (bits & ~State.MASK) | state;
  }

  boolean isPlain() {
    return (bits & PLAIN) != 0;
  }

  /// More hangs on it from now on than one request and one result.
  void stopBeingPlain() {
    bits &= ~(PLAIN | STRAIGHT);
  }

  /// Whether one request and one result are all there is to it, nobody counts it, and it has no cancel.
  boolean isPlainAndFree() {
    return (bits & (PLAIN | HOLDS)) == PLAIN;
  }

  boolean holds() {
    return (bits & HOLDS) != 0;
  }

  boolean isDispatched() {
    return (bits & DISPATCHED) != 0;
  }

  boolean isFull() {
    return (bits & FULL) != 0;
  }

  boolean repeats() {
    return (bits & REPEATS) != 0;
  }

  /// The bits of what was just prepared.
  @SuppressWarnings("EnumOrdinal") // Never leaves this object.
  static int prepared(Op op) {
    return State.PREPARED | op.ordinal() << OP_SHIFT;
  }

  /// Whether a result was dispatched that the `end` of a kind of operation takes.
  @SuppressWarnings("EnumOrdinal") // As above.
  boolean endsAs(Op kind) {
    return (bits & (OP_MASK | DISPATCHED | FULL)) == (DISPATCHED | kind.ordinal() << OP_SHIFT);
  }

  /// Ends it, [#STRAIGHT] as it is, with the result that is dispatched at once.
  void completeStraight(int result) {
    outcome = result;
    bits += State.COMPLETED + DISPATCHED - State.IN_FLIGHT - STRAIGHT;
  }

  /// Ties an object of the caller's to this operation until `done`.
  ///
  /// @return this handle
  public Handle attach(@Nullable Object object) {
    bus.checkOwner();
    checkInUse();
    attachment = object;
    bits |= TAGGED;
    return this;
  }

  /// What was attached, or null.
  public @Nullable Object attachment() {
    return attachment;
  }

  /// Sets what to run, inside `dispatch`, when the result of this operation is dispatched; the
  /// result is passed on after it as every other. If it throws, `dispatch` throws the same and does not
  /// pass the result on, which a [ResultVisitor] ends then; else `done` is left to the callback.
  ///
  /// @return this handle
  public Handle callback(ResultSink callback) {
    bus.checkOwner();
    checkInUse();
    this.callback = Objects.requireNonNull(callback, "callback");
    bits = (bits & ~STRAIGHT) | TAGGED | CALLS;
    return this;
  }

  /// Cancels the operation when it has not ended after this time: it then fails with a
  /// [TimedOutException]. Set before it is enqueued, and counted from then on, also while it is held
  /// back by [Bus#drain] or, a close, by what uses its file; but in a chain or series from when those
  /// before it have ended. As with a cancel, what can no longer be stopped, such as a call that a
  /// worker of the NIO backend has begun, ends late with its true result.
  ///
  /// @param span longer than zero
  /// @return this handle
  /// @throws IllegalStateException if it was enqueued already, or has many results: cancel such
  ///     an operation when a [Bus#timeout] has passed
  public Handle deadline(Duration span) {
    bus.checkOwner();
    Bus.checkState(this, State.PREPARED);
    if (repeats() || op == Op.TIMEOUT || op == Op.CANCEL) {
      throw new IllegalStateException(
          operation() + " takes no deadline; cancel it when a timeout has passed");
    }
    if (span.isNegative() || span.isZero()) {
      throw new IllegalArgumentException("the deadline " + span + " is not longer than zero");
    }
    stopBeingPlain();
    request.timeoutNanos = Bus.nanos(span);
    return this;
  }

  /// Sets where in the file a read or a write begins: before it is enqueued, or before it is done
  /// again by [Bus#rearm(Result)].
  ///
  /// @param offset in bytes, at least 0
  /// @return this handle
  /// @throws IllegalStateException if it is no `read` or `write`, or in flight
  public Handle offset(long offset) {
    bus.checkOwner();
    boolean ended = state() == State.COMPLETED && isDispatched();
    if ((op != Op.READ && op != Op.WRITE) || isFull() || (state() != State.PREPARED && !ended)) {
      throw new IllegalStateException(this + " is no read or write that is about to be enqueued");
    }
    Checks.range(offset, request.length);
    BusFile on = file;
    if (request.atomic && on != null) {
      Checks.atomic(on, request.length, offset);
    }
    request.offset = offset;
    return this;
  }

  /// Whether it has a deadline.
  boolean isBounded() {
    return request.timeoutNanos > 0 && op != Op.TIMEOUT;
  }

  /// The word for the operation, such as `read`.
  public String operation() {
    return isFull() ? op.label() + "Fully" : op.label() + (repeats() ? "Many" : "");
  }

  /// What it is done to: a path, or what stands for it.
  String target() {
    BusFile on = file;
    return extras.target.isEmpty() && on != null ? on.path() : extras.target;
  }

  private void checkInUse() {
    if (state() == State.IDLE) {
      throw new IllegalStateException("the handle is not in use: done was called");
    }
  }

  /// As [#reset()], of one that was plain to its end.
  void resetPlain() {
    if (file != null) {
      file = null;
      request.clearTransfer();
    }
    if ((bits & TAGGED) != 0) {
      letGo();
    }
    bits = State.IDLE;
  }

  /// Makes the handle fit for another operation, and idle.
  void reset() {
    request.clear();
    file = null;
    request.file = -1;
    request.fixedFile = false;
    request.offset = 0;
    request.length = 0;
    extras.reset();
    outcome = 0;
    flags = 0;
    letGo();
    bits = State.IDLE;
  }

  private void letGo() {
    attachment = null;
    callback = null;
  }

  /// Has the registered buffer that it uses count it, unless it does. Returns whether it did not.
  ///
  /// @throws IllegalStateException if it is no longer registered
  boolean holdBuffer() {
    RegisteredBuffer used = extras.buffer;
    if (used == null || extras.holdsBuffer) {
      return false;
    }
    used.retain();
    extras.holdsBuffer = true;
    return true;
  }

  /// Lets go of the registered buffer or the pool that it uses; by its last result, or when it
  /// will not be enqueued.
  void releaseBuffer() {
    RegisteredBuffer used = extras.buffer;
    if (used != null && extras.holdsBuffer) {
      extras.holdsBuffer = false;
      used.release();
    }
    BufferPool pool = extras.pool;
    if (pool != null) {
      pool.letGo();
    }
  }

  /// Why no further request of it may be made, as a negated error number; 0 if one may.
  int refusal() {
    if (extras.cancelRequested) {
      return -Errno.ECANCELED;
    }
    if (repeats() && mayBeAnothersFile()) {
      return -Errno.EBADF;
    }
    return Checks.isAlive(request.buffer) ? 0 : -Errno.EFAULT;
  }

  /// Whether the number of its file may be that of another one by now.
  private boolean mayBeAnothersFile() {
    return switch (file) {
      case OpenFile open -> open.isClosed();
      case OpenSocket socket -> socket.isClosed();
      case RegisteredFile registered -> false; // Its slot is kept for it.
      case null -> false;
    };
  }

  /// Whether the result that was dispatched last is the last one.
  boolean isFinal() {
    return CompletionFlags.isFinal(flags);
  }

  @Override
  public String toString() {
    String what = target().isEmpty() ? operation() : operation() + " " + target();
    return "Handle[" + index() + ", " + what + ", " + State.name(state()) + "]";
  }
}
