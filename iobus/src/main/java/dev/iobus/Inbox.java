package dev.iobus;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Messages of other threads for the thread of a bus: numbers, in order of arrival, bounded.
///
/// Thread-safe, but for the listener, which belongs to the bus thread.
final class Inbox {

  /// A leaf.
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final long[] messages;
  private int head;
  private int count;

  /// The oldest of them, which stand as results in the ready queue and are still to be taken.
  private int announced;

  // Owned by the bus thread.
  private @Nullable Handle listener;

  Inbox(int capacity) {
    messages = new long[capacity];
  }

  int capacity() {
    return messages.length;
  }

  /// Adds a message. Returns how many before it nobody has announced, or −1 when there is no room.
  int add(long message) {
    lock.lock();
    try {
      if (count == messages.length) {
        return -1;
      }
      int at = head + count;
      messages[at < messages.length ? at : at - messages.length] = message;
      return count++ - announced;
    } finally {
      lock.unlock();
    }
  }

  /// Takes the oldest message, which was announced.
  long take() {
    lock.lock();
    try {
      assert count > 0 : "no message";
      long message = messages[head];
      head = head + 1 < messages.length ? head + 1 : 0;
      count--;
      announced--;
      return message;
    } finally {
      lock.unlock();
    }
  }

  @Nullable Handle listener() {
    return listener;
  }

  void listen(@Nullable Handle handle) {
    listener = handle;
  }

  /// Messages that nobody has announced; they count as announced from now on.
  int announce() {
    lock.lock();
    try {
      int fresh = count - announced;
      announced = count;
      return fresh;
    } finally {
      lock.unlock();
    }
  }
}
