package dev.iobus;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
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
    static final int IDLE = 0;
    static final int PREPARED = 1;
    static final int PLACING = 2;
    static final int IN_FLIGHT = 3;
    static final int COMPLETED = 4;

    private static final String[] NAMES = {
      "IDLE", "PREPARED", "PLACING", "IN_FLIGHT", "COMPLETED"
    };

    private State() {}

    static String name(int state) {
      return NAMES[state];
    }
  }

  /// How much of its range an operation covers.
  enum Extent {
    /// What one request does, which may be short.
    ONCE,
    /// All of it, in as many requests as that takes.
    FULL
  }

  // Constant after construction.
  final Bus bus;
  final int index;
  final Request request = new Request();
  final Result result = new Result(this);

  /// Whether one request and one result are all there is to it: it is in no run, waits for nothing,
  /// has no deadline and no cancel, and nothing hangs on it but its file and its memory. True from
  /// the preparation on of what is mostly used alone; whatever makes it otherwise clears it, in
  /// flight or before. The paths of what is plain and of all else meet at any step.
  boolean plain;

  // Owned by the bus thread; set when prepared.
  int state = State.IDLE;
  int generation;
  Op op = Op.NOP;
  Extent extent = Extent.ONCE;
  String target = "";
  @Nullable BusFile file;
  @Nullable RegisteredBuffer buffer;
  /// Whether it runs alone: after all before it, and before all after it.
  boolean drains;
  /// Whether it has results until it is cancelled or fails.
  boolean repeats;
  @Nullable BufferPool pool;
  /// When it is cancelled, on the scheduler's clock; meaningful while `request.timeoutNanos` is
  /// not 0.
  long deadline;
  private @Nullable Object attachment;
  private @Nullable Consumer<Result> callback;

  // Owned by the bus thread; set while in flight and after it.
  /// Of the result that was dispatched last: bytes, a descriptor or 0; or a negated error number.
  int outcome;
  /// Of the same result: a set of `CompletionFlags`.
  int flags;
  /// What is told to the flight recorder if it was slow; null unless that records.
  @Nullable Object event;
  /// Whether a result was dispatched and `done` not yet called for it.
  boolean dispatched;
  /// The bytes of a FULL transfer so far.
  long transferred;
  boolean cancelRequested;
  /// Whether nobody sees a result: a cancel among many.
  boolean silent;
  /// Whether it waits behind a barrier and the backend does not have it yet.
  boolean held;
  /// Whether its run waits with a close until a file is not looked up any more.
  boolean waits;
  /// Whether the backend may still look its file up.
  boolean late;
  /// Of an INBOX: what the dispatched result has brought.
  long message;
  /// Where the dispatched result begins in a buffer that is filled piece by piece.
  int bufferStart;
  /// What the dispatched result has brought and the caller has taken.
  @Nullable BusFile opened;
  @Nullable PoolBuffer taken;
  @Nullable Transfer transfer;

  Handle(Bus bus, int index) {
    this.bus = bus;
    this.index = index;
  }

  /// Ties an object of the caller's to this operation until `done`.
  ///
  /// @return this handle
  public Handle attach(@Nullable Object object) {
    bus.checkOwner();
    checkInUse();
    attachment = object;
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
    return this;
  }

  /// Cancels the operation when it has not ended after this time: it then fails with a
  /// [TimedOutException]. Set before it is enqueued; counted from then on. As with a cancel, what can
  /// no longer be stopped, such as a call that a worker of the NIO backend has begun, ends late with
  /// its true result.
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

  @Nullable Consumer<Result> callback() {
    return callback;
  }

  /// The word for the operation, such as `read`.
  public String operation() {
    return extent == Extent.FULL ? op.label() + "Fully" : op.label() + (repeats ? "Many" : "");
  }

  /// The number that the completion carries: the generation tells it from all earlier uses.
  long userData() {
    return (long) generation << 32 | index;
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
    }
    if (file != null) {
      file = null;
    }
    if (attachment != null) {
      attachment = null;
    }
    if (callback != null) {
      callback = null;
    }
    dispatched = false;
  }

  /// Makes the handle fit for another operation. References that are as they should be are not
  /// stored again: a store costs the collector's barrier, a look costs nothing beside it.
  void reset() {
    request.clear();
    request.file = -1;
    request.fixedFile = false;
    request.offset = 0;
    request.length = 0;
    drains = false;
    repeats = false;
    if (pool != null) {
      pool = null;
    }
    deadline = 0;
    if (taken != null) {
      taken = null;
    }
    if (extent != Extent.ONCE) {
      extent = Extent.ONCE;
    }
    if (file != null) {
      file = null;
    }
    if (buffer != null) {
      buffer = null;
    }
    if (attachment != null) {
      attachment = null;
    }
    if (callback != null) {
      callback = null;
    }
    if (opened != null) {
      opened = null;
    }
    outcome = 0;
    flags = 0;
    dispatched = false;
    transferred = 0;
    cancelRequested = false;
    silent = false;
    held = false;
    waits = false;
    late = false;
  }

  /// Lets go of the registered buffer or the pool that it uses; by its last result, or when it
  /// will not be enqueued.
  void releaseBuffer() {
    RegisteredBuffer used = buffer;
    if (used != null) {
      buffer = null;
      used.release();
    }
    if (pool != null) {
      pool.letGo();
    }
  }

  /// Whether the result that was dispatched last is the last one.
  boolean isFinal() {
    return CompletionFlags.isFinal(flags);
  }

  /// The progress of a FULL transfer; kept with the handle and reused.
  Transfer transfer() {
    Transfer present = transfer;
    if (present == null) {
      present = new Transfer();
      transfer = present;
    }
    return present;
  }

  @Override
  public String toString() {
    return "Handle[" + index + ", " + operation() + " " + target + ", " + State.name(state) + "]";
  }
}
