package dev.iobus.backend;

import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.jspecify.annotations.Nullable;

/// What waits for one socket at one selector.
///
/// Guarded by the lock of [NioSelector].
final class NioWaits extends WaitQueues<NioJob> {

  private static final int INPUT = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
  private static final int OUTPUT = SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT;

  final NioSocket socket;

  /// What the selector found the socket ready for. Owned by the selector thread.
  int ready;

  private @Nullable SelectionKey key;

  NioWaits(NioSocket socket) {
    this.socket = socket;
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
    return (wantsInput() ? INPUT : 0) | (wantsOutput() ? output : 0);
  }

  boolean isReadable() {
    return (ready & INPUT) != 0;
  }

  boolean isWritable() {
    return (ready & OUTPUT) != 0;
  }

  /// What a poll with this mask tells of what the selector has found; 0 for nothing.
  int told(int mask) {
    int readable = isReadable() ? PollBits.READABLE : 0;
    return mask & (readable | (isWritable() ? PollBits.WRITABLE : 0));
  }
}
