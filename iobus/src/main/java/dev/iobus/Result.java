package dev.iobus;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import java.io.IOException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What became of one operation: a view of its handle, valid until [Bus#done(Result)]. Where an
/// operation has many results the view moves on with each: one is valid until the next of the same
/// operation is dispatched.
///
/// Each `end` method belongs to one kind of operation; the wrong one is an
/// [IllegalStateException]. Where the operation failed it throws a [BusException] that names the
/// operation, the file and the error. It may be called again with the same answer.
///
/// Confined to the thread that owns the bus.
public final class Result {

  private final Bus bus;
  private final Handle handle;

  Result(Bus bus, Handle handle) {
    this.bus = bus;
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

  /// Whether more results of the same operation follow.
  public boolean hasMore() {
    checkValid();
    return !handle.isFinal();
  }

  /// Ends an `open` or `create`. The file belongs to the caller, who closes it through a bus; a
  /// file that nobody asked for is closed by `done`.
  public OpenFile endOpen() throws IOException {
    int descriptor = end(Op.OPEN);
    if (handle.extras.opened instanceof OpenFile file) {
      return file;
    }
    OpenFile file = bus.newOpenFile(handle, descriptor);
    handle.extras.opened = file;
    return file;
  }

  /// Ends a `socket`. The socket belongs to the caller, who closes it through a bus; one that
  /// nobody asked for is closed by `done`.
  public OpenSocket endSocket() throws IOException {
    return socket(end(Op.SOCKET));
  }

  /// Ends an `accept`, or is one of the results of `acceptMany`. The socket belongs to the caller,
  /// as that of [#endSocket()].
  public OpenSocket endAccept() throws IOException {
    return socket(end(Op.ACCEPT));
  }

  private OpenSocket socket(int descriptor) {
    if (handle.extras.opened instanceof OpenSocket socket) {
      return socket;
    }
    OpenSocket socket = bus.newOpenSocket(handle, descriptor);
    handle.extras.opened = socket;
    return socket;
  }

  /// Ends a `connect`.
  public void endConnect() throws IOException {
    end(Op.CONNECT);
  }

  /// Ends a `bind`.
  public void endBind() throws IOException {
    end(Op.BIND);
  }

  /// Ends a `listen`.
  public void endListen() throws IOException {
    end(Op.LISTEN);
  }

  /// Ends a `send`: the bytes sent, which may be fewer than given. Of a `sendZeroCopy` it is the
  /// first result; the last, when [#isNotification()], is ended with 0.
  public int endSend() throws IOException {
    return endOnce(Op.SEND);
  }

  /// Whether this result of a zero-copy send says that the memory is the caller's again.
  public boolean isNotification() {
    checkValid();
    return (handle.flags & CompletionFlags.NOTIFICATION) != 0;
  }

  /// Ends a `sendFully`: the bytes sent, which is all of them.
  public long endSendFully() throws IOException {
    return endFull(Op.SEND);
  }

  /// Ends a `recv`, or is one of the results of `recvMany`: the bytes received, −1 when the peer
  /// has sent its last. A receive into no memory gives 0.
  ///
  /// @throws NoBuffersException when the pool had no buffer
  public int endRecv() throws IOException {
    int count = endOnce(Op.RECV);
    return count == 0 && handle.request.length > 0 ? -1 : count;
  }

  /// Ends a `recvFully`: the bytes received; fewer than asked for only when the peer has sent its
  /// last. What had been received before a failure, a cancel or the deadline is at the beginning of
  /// the memory, [#transferred()] bytes of it, and does not come again.
  public long endRecvFully() throws IOException {
    return endFull(Op.RECV);
  }

  /// The bytes that an operation with `Fully` in its name has moved, from the beginning of its memory
  /// on; also when it has failed, was cancelled or has met its deadline. Of a failed write or send
  /// others may have gone, too.
  ///
  /// @throws IllegalStateException for any other operation
  public long transferred() {
    checkValid();
    if (!handle.isFull()) {
      throw new IllegalStateException(handle.operation() + " is no full transfer");
    }
    return handle.extras.transferred;
  }

  /// The buffer that a receive from a pool has filled. It is the caller's until
  /// [BufferPool#release]; one that nobody asked for is released by `done`.
  ///
  /// @throws IllegalStateException for a receive that took none, as at the end
  public PoolBuffer buffer() {
    checkValid();
    if ((handle.flags & CompletionFlags.BUFFER) == 0 || handle.extras.pool == null) {
      throw new IllegalStateException("the result has no buffer of a pool");
    }
    PoolBuffer present = handle.extras.taken;
    if (present == null) {
      present = handle.extras.pool.take(handle);
      handle.extras.taken = present;
    }
    return present;
  }

  /// Ends a `sendMessage`: the bytes sent. Of a `sendMessageZeroCopy` it is the first result; the
  /// last, when [#isNotification()], is ended with 0.
  public int endSendMessage() throws IOException {
    return end(Op.SEND_MESSAGE);
  }

  /// Ends a `recvMessage`.
  public ReceivedMessage endRecvMessage() throws IOException {
    int count = end(Op.RECV_MESSAGE);
    return new ReceivedMessage(count, handle.request.address, handle.request.truncated);
  }

  /// Ends a `shutdown`.
  public void endShutdown() throws IOException {
    end(Op.SHUTDOWN);
  }

  /// Ends a `poll`, or is one of the results of `pollMany`: what the file is ready for.
  public Set<Readiness> endPoll() throws IOException {
    return Readiness.of(end(Op.POLL));
  }

  /// Ends a `timeout`: the time has passed.
  public void endTimeout() throws IOException {
    end(Op.TIMEOUT);
  }

  /// Is one of the results of `inbox`: the message.
  public long endInbox() throws IOException {
    end(Op.INBOX);
    return handle.extras.message;
  }

  /// Ends an `openRegistered`: the slot with the file in it, which [Bus#close(RegisteredFile)]
  /// closes. Where the slot was not reserved and nobody asks for the file, it is closed by `done`.
  public RegisteredFile endOpenRegistered() throws IOException {
    end(Op.OPEN_REGISTERED);
    RegisteredFile file = (RegisteredFile) Objects.requireNonNull(handle.file);
    handle.extras.opened = file;
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

  /// Ends a `syncRange`. Nothing is durable by it.
  public void endSyncRange() throws IOException {
    end(Op.SYNC_RANGE);
  }

  /// Ends an `allocate`.
  public void endAllocate() throws IOException {
    end(Op.ALLOCATE);
  }

  /// Ends an `advise`.
  public void endAdvise() throws IOException {
    end(Op.ADVISE);
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

  /// Ends a `link`.
  public void endLink() throws IOException {
    end(Op.LINK);
  }

  /// Ends a `createDirectory`.
  public void endCreateDirectory() throws IOException {
    end(Op.CREATE_DIRECTORY);
  }

  /// Ends a `stat`.
  public FileStatus endStat() throws IOException {
    end(Op.STAT);
    FileStatus status = FileStatus.of(handle.request.status);
    if (handle.file instanceof OpenFile open) {
      open.learn(status);
    }
    return status;
  }

  /// Ends a `close`. The file is closed also after a failure, but for a [CancelledException].
  public void endClose() throws IOException {
    end(Op.CLOSE);
  }

  /// Ends a `cancel`: true if the target ends as cancelled unless it finished at the same moment,
  /// false if it was too late. Either way the target has a result of its own.
  public boolean endCancel() {
    checkValid();
    checkKind(Op.CANCEL, false);
    return handle.outcome >= 0;
  }

  private int endOnce(Op op) throws IOException {
    bus.checkOwner();
    if (!handle.endsAs(op)) {
      checkValid();
      checkKind(op, false);
    }
    return value();
  }

  private long endFull(Op op) throws IOException {
    checkValid();
    checkKind(op, true);
    value();
    return handle.extras.transferred;
  }

  private int end(Op op) throws IOException {
    return endOnce(op);
  }

  private int value() throws BusException {
    int outcome = handle.outcome;
    if (outcome < 0) {
      throw failure();
    }
    return outcome;
  }

  private BusException failure() {
    Request request = handle.request;
    request.op = handle.op; // What is plain does not stand in it.
    return BusException.of(
        handle.operation(), handle.target(), handle.outcome, request, bus.backend());
  }

  private void checkValid() {
    bus.checkOwner();
    if (!handle.isDispatched()) {
      throw new IllegalStateException("the result is no longer valid: done was called");
    }
  }

  private void checkKind(Op op, boolean full) {
    if (handle.op != op || handle.isFull() != full) {
      String suffix = full ? "Fully" : "";
      throw new IllegalStateException(
          "the result is that of " + handle.operation() + ", not of " + op.label() + suffix);
    }
  }

  @Override
  public String toString() {
    return "Result[" + handle + ", " + handle.outcome + "]";
  }
}
