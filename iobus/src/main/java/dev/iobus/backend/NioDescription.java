package dev.iobus.backend;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/// What a descriptor of the NIO backend stands for, counted as the kernel counts an open file
/// description.
///
/// The descriptor holds one reference, each registration one, and each operation in flight one;
/// the channel is closed with the last. So a close never cuts off an operation that was submitted
/// before it, which closing a channel under its users would do.
///
/// Thread-safe.
abstract sealed class NioDescription permits NioFile, NioSocket {

  private final AtomicInteger references = new AtomicInteger(1);

  /// What names it in messages.
  abstract String name();

  /// Closes the channel, once nobody refers to it.
  abstract void close() throws IOException;

  /// Takes one more reference, or returns false when it has been closed meanwhile.
  final boolean retain() {
    return references.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
  }

  /// Gives a reference back. Returns whether it was the last, and the channel is to be closed.
  final boolean release() {
    int left = references.decrementAndGet();
    assert left >= 0 : name() + " was released more often than retained";
    return left == 0;
  }
}
