package dev.iobus.backend;

import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// What waits for one socket at one selector: receives and accepts in order, sends and connects in
/// order, and polls beside both.
///
/// Guarded by the lock of [NioSelector].
final class NioWaits {

  final NioSocket socket;
  final Queue<NioJob> reads = new ArrayDeque<>(2);
  final Queue<NioJob> writes = new ArrayDeque<>(2);
  final Queue<NioJob> polls = new ArrayDeque<>(1);

  /// What the selector found the socket ready for. Owned by the selector thread.
  int ready;

  private @Nullable SelectionKey key;

  NioWaits(NioSocket socket) {
    this.socket = socket;
  }

  /// The queue that a job of this operation has its place in.
  Queue<NioJob> of(Op op) {
    return switch (op) {
      case RECV, RECV_MESSAGE, READ, ACCEPT -> reads;
      case SEND, SEND_MESSAGE, WRITE, CONNECT -> writes;
      case POLL -> polls;
      default -> throw new AssertionError(op);
    };
  }

  boolean remove(NioJob job) {
    return of(job.request().op).remove(job);
  }

  /// Tells the selector what is waited for.
  ///
  /// @throws ClosedChannelException when the channel is closed
  void watch(Selector selector) throws ClosedChannelException {
    SelectableChannel channel = socket.channel();
    int ops = interest() & channel.validOps();
    SelectionKey present = key;
    if (present == null
        || !present.isValid()
        || !present.channel().equals(channel)
        || !present.selector().equals(selector)) {
      key = ops == 0 ? null : channel.register(selector, ops, this);
    } else {
      present.interestOps(ops);
    }
  }

  private int interest() {
    int output = socket.isPending() ? SelectionKey.OP_CONNECT : SelectionKey.OP_WRITE;
    int input = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
    int ops = (reads.isEmpty() ? 0 : input) | (writes.isEmpty() ? 0 : output);
    for (NioJob poll : polls) {
      int mask = poll.request().mask;
      ops |= (mask & PollBits.READABLE) == 0 ? 0 : input;
      ops |= (mask & PollBits.WRITABLE) == 0 ? 0 : output;
    }
    return ops;
  }

  /// What a poll with this mask tells of what the selector has found; 0 for nothing.
  static int told(int mask, int ops) {
    int input = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
    int output = SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT;
    int bits = (ops & input) == 0 ? 0 : PollBits.READABLE;
    return mask & (bits | ((ops & output) == 0 ? 0 : PollBits.WRITABLE));
  }
}
