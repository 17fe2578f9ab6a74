package dev.iobus;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One operation of a [Bus], from its preparation until `done`.
///
/// A handle is one place of a fixed table: after `done` the same object stands for another
/// operation, and whoever kept it must let go. It keeps the memory of its operation reachable.
///
/// Confined to the thread that owns the bus.
public final class Handle {

  /// IDLE → PREPARED → IN_FLIGHT → COMPLETED → IDLE.
  ///
  /// PLACING is a moment inside one call of `enqueue`, between the check and the start: by it a
  /// second mention of the same handle is noticed.
  ///
  /// Numbers: a store of a reference costs the collector's barrier, and every operation makes four.
  static final class State {
    static final byte IDLE = 0;
    static final byte PREPARED = 1;
    static final byte PLACING = 2;
    static final byte IN_FLIGHT = 3;
    static final byte COMPLETED = 4;

    private static final String[] NAMES = {
      "IDLE", "PREPARED", "PLACING", "IN_FLIGHT", "COMPLETED"
    };

    private State() {}

    static String name(int state) {
      return NAMES[state];
    }
  }

  // Constant after construction.
  final Bus bus;
  final int index;
  final Request request;
  final Extras extras;

  /// Set once, by the table, which makes all of them together: a batch that is looked at in turn
  /// finds several in each line of the processor's cache.
  @SuppressWarnings("NullAway.Init")
  Result result;

  /// Whether one request and one result are all there is to it: it is in no run, waits for nothing,
  /// has no deadline and no cancel, and nothing hangs on it but its file and its memory. True from
  /// the preparation on of what is mostly used alone; whatever makes it otherwise clears it, in
  /// flight or before. The paths of what is plain and of all else meet at any step.
  boolean plain;

  // Owned by the bus thread; set when prepared.
  byte state = State.IDLE;
  /// What the completion carries: the generation << 32, which tells it from all earlier uses, the
  /// index, and [RequestQueue#PLAIN] where it went to the backend as a plain request.
  long userData;
  Op op = Op.NOP;
  /// Whether it covers all of its range, in as many requests as that takes; else it is what one
  /// request does, which may be short.
  boolean full;
  /// Whether it has results until it is cancelled or fails.
  boolean repeats;
  @Nullable BusFile file;
  private @Nullable Object attachment;
  @Nullable Consumer<Result> callback;
  /// Whether it has an attachment or a callback.
  private boolean tagged;

  // Owned by the bus thread; set while in flight and after it.
  /// Of the result that was dispatched last: bytes, a descriptor or 0; or a negated error number.
  int outcome;
  /// Of the same result: a set of `CompletionFlags`; 0 of what is plain, which has one result.
  int flags;
  /// Whether a result was dispatched and `done` not yet called for it.
  boolean dispatched;

  /// @param request its request, used by nobody else
  Handle(Bus bus, int index, Request request, Extras extras) {
    this.bus = bus;
    this.index = index;
    userData = index;
    this.request = request;
    this.extras = extras;
  }

  /// Ties an object of the caller's to this operation until `done`.
  ///
  /// @return this handle
  public Handle attach(@Nullable Object object) {
    bus.checkOwner();
    checkInUse();
    attachment = object;
    tagged = true;
    return this;
  }

  /// What was attached, or null.
  public @Nullable Object attachment() {
    return attachment;
  }

  /// Sets what to run, inside `dispatch`, when the result of this operation is dispatched; the
  /// result is passed on after it as every other.
  ///
  /// @return this handle
  public Handle callback(Consumer<Result> callback) {
    bus.checkOwner();
    checkInUse();
    this.callback = callback;
    tagged = true;
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
    if (repeats || op == Op.TIMEOUT || op == Op.CANCEL) {
      throw new IllegalStateException("a " + operation() + " takes no deadline");
    }
    if (span.isNegative() || span.isZero()) {
      throw new IllegalArgumentException("the deadline " + span + " is not longer than zero");
    }
    plain = false;
    request.timeoutNanos = Bus.nanos(span);
    return this;
  }

  /// Whether it has a deadline.
  boolean isBounded() {
    return request.timeoutNanos > 0 && op != Op.TIMEOUT;
  }

  /// The word for the operation, such as `read`.
  public String operation() {
    return full ? op.label() + "Fully" : op.label() + (repeats ? "Many" : "");
  }

  /// What it is done to: a path, or what stands for it.
  String target() {
    BusFile on = file;
    return extras.target.isEmpty() && on != null ? on.path() : extras.target;
  }

  private void checkInUse() {
    if (state == State.IDLE) {
      throw new IllegalStateException("the handle is not in use: done was called");
    }
  }

  /// As [#reset()], of one that was plain to its end.
  void resetPlain() {
    if (op != Op.NOP) {
      request.clearTransfer();
      file = null;
    }
    letGo();
  }

  /// Makes the handle fit for another operation.
  void reset() {
    request.clear();
    file = null;
    request.file = -1;
    request.fixedFile = false;
    request.offset = 0;
    request.length = 0;
    extras.reset();
    full = false;
    repeats = false;
    outcome = 0;
    flags = 0;
    letGo();
  }

  /// References are not stored again where they are as they should be: a store costs the collector's
  /// barrier, a look costs nothing beside it.
  private void letGo() {
    if (tagged) {
      attachment = null;
      callback = null;
      tagged = false;
    }
    dispatched = false;
  }

  /// Lets go of the registered buffer or the pool that it uses; by its last result, or when it
  /// will not be enqueued.
  void releaseBuffer() {
    RegisteredBuffer used = extras.buffer;
    if (used != null) {
      extras.buffer = null;
      used.release();
    }
    BufferPool pool = extras.pool;
    if (pool != null) {
      pool.letGo();
    }
  }

  /// Whether the result that was dispatched last is the last one.
  boolean isFinal() {
    return CompletionFlags.isFinal(flags);
  }

  @Override
  public String toString() {
    return "Handle[" + index + ", " + operation() + " " + target() + ", " + State.name(state) + "]";
  }
}
