package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.posix.Errno;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// What became of one operation: a view of its handle, valid until [Bus#done(Result)].
///
/// Each `end` method belongs to one kind of operation; the wrong one is an
/// [IllegalStateException]. Where the operation failed it throws a [BusException] that names the
/// operation, the file and the error. It may be called again with the same answer.
///
/// Confined to the thread that owns the bus.
public final class Result {

  private final Handle handle;

  Result(Handle handle) {
    this.handle = handle;
  }

  /// The operation that has ended.
  public Handle handle() {
    return handle;
  }

  /// What was attached to the operation, or null.
  public @Nullable Object attachment() {
    return handle.attachment();
  }

  /// Whether the operation failed or was cancelled.
  public boolean isFailure() {
    checkValid();
    return handle.outcome < 0;
  }

  /// The positive error number of a failure, 0 after success.
  public int errno() {
    checkValid();
    return handle.outcome < 0 ? -handle.outcome : 0;
  }

  /// Ends a `nop`.
  public void endNop() throws IOException {
    end(Op.NOP);
  }

  /// Ends an `open` or `create`. The file belongs to the caller, who closes it through a bus; a
  /// file that nobody asked for is closed by `done`.
  public OpenFile endOpen() throws IOException {
    int descriptor = end(Op.OPEN);
    OpenFile file = handle.opened;
    if (file == null) {
      file = handle.bus.newOpenFile(handle, descriptor);
      handle.opened = file;
    }
    return file;
  }

  /// Ends a `read`: the bytes read, which may be fewer than asked for; −1 at the end of the file.
  /// A read of no bytes gives 0.
  public int endRead() throws IOException {
    int count = endOnce(Op.READ);
    return count == 0 && handle.request.length > 0 ? -1 : count;
  }

  /// Ends a `write`: the bytes written, which may be fewer than given.
  public int endWrite() throws IOException {
    return endOnce(Op.WRITE);
  }

  /// Ends a `readFully`: the bytes read; fewer than asked for only at the end of the file.
  public long endReadFully() throws IOException {
    return endFull(Op.READ);
  }

  /// Ends a `writeFully`: the bytes written, which is all of them.
  public long endWriteFully() throws IOException {
    return endFull(Op.WRITE);
  }

  /// Ends a `sync` or a `dataSync`. After a failure it is unknown which bytes are durable, and a
  /// second sync would not tell.
  public void endSync() throws IOException {
    end(handle.op == Op.FDATASYNC ? Op.FDATASYNC : Op.FSYNC);
  }

  /// Ends a `truncate`.
  public void endTruncate() throws IOException {
    end(Op.TRUNCATE);
  }

  /// Ends a `rename`.
  public void endRename() throws IOException {
    end(Op.RENAME);
  }

  /// Ends an `unlink`.
  public void endUnlink() throws IOException {
    end(Op.UNLINK);
  }

  /// Ends a `stat`.
  public FileStatus endStat() throws IOException {
    end(Op.STAT);
    return FileStatus.of(handle.request.status);
  }

  /// Ends a `close`. The descriptor is gone also after a failure.
  public void endClose() throws IOException {
    end(Op.CLOSE);
  }

  /// Ends a `cancel`: true if the target ends as cancelled unless it finished at the same moment,
  /// false if it was too late. Either way the target has a result of its own.
  public boolean endCancel() {
    checkValid();
    checkKind(Op.CANCEL, Handle.Extent.ONCE);
    return handle.outcome >= 0;
  }

  private int endOnce(Op op) throws IOException {
    checkValid();
    checkKind(op, Handle.Extent.ONCE);
    return value();
  }

  private long endFull(Op op) throws IOException {
    checkValid();
    checkKind(op, Handle.Extent.FULL);
    value();
    return handle.transferred;
  }

  private int end(Op op) throws IOException {
    return endOnce(op);
  }

  private int value() throws BusException {
    if (handle.outcome == -Errno.EOPNOTSUPP) {
      throw NotSupportedException.of(handle, handle.bus.backend(), handle.request.scratch);
    }
    if (handle.outcome < 0) {
      throw BusException.of(
          handle.operation(), handle.target, handle.outcome, handle.request.scratch);
    }
    return handle.outcome;
  }

  private void checkValid() {
    handle.bus.checkOwner();
    if (handle.state != Handle.State.COMPLETED) {
      throw new IllegalStateException("the result is no longer valid: done was called");
    }
  }

  private void checkKind(Op op, Handle.Extent extent) {
    if (handle.op != op || handle.extent != extent) {
      String suffix = extent == Handle.Extent.FULL ? "Fully" : "";
      throw new IllegalStateException(
          "the result is that of " + handle.operation() + ", not of " + op.label() + suffix);
    }
  }

  @Override
  public String toString() {
    return "Result[" + handle + ", " + handle.outcome + "]";
  }
}
