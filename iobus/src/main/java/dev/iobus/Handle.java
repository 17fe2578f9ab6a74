package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
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
  enum State {
    IDLE,
    PREPARED,
    PLACING,
    IN_FLIGHT,
    COMPLETED
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

  // Owned by the bus thread; set when prepared.
  State state = State.IDLE;
  int generation;
  Op op = Op.NOP;
  Extent extent = Extent.ONCE;
  String target = "";
  @Nullable BusFile file;
  @Nullable RegisteredBuffer buffer;
  private @Nullable Object attachment;
  private @Nullable Consumer<Result> callback;

  // Owned by the bus thread; set while in flight and after it.
  /// Bytes, a descriptor or 0; or a negated error number.
  int outcome;
  /// The bytes of a FULL transfer so far.
  long transferred;
  boolean cancelRequested;
  /// Whether the bus itself finishes the operation and nobody sees a result.
  boolean orphan;
  @Nullable OpenFile opened;
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

  @Nullable Consumer<Result> callback() {
    return callback;
  }

  /// The word for the operation, such as `read`.
  public String operation() {
    return extent == Extent.FULL ? op.label() + "Fully" : op.label();
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

  /// Makes the handle fit for another operation.
  void reset() {
    request.clear();
    request.file = -1;
    request.fixedFile = false;
    request.offset = 0;
    request.length = 0;
    op = Op.NOP;
    extent = Extent.ONCE;
    target = "";
    file = null;
    buffer = null;
    attachment = null;
    callback = null;
    outcome = 0;
    transferred = 0;
    cancelRequested = false;
    orphan = false;
    opened = null;
  }

  /// Gives a registered buffer back to its owner, once.
  void releaseBuffer() {
    RegisteredBuffer used = buffer;
    if (used != null) {
      buffer = null;
      used.release();
    }
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
    return "Handle[" + index + ", " + operation() + " " + target + ", " + state + "]";
  }
}
