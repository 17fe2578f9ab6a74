package dev.iobus.backend;

import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/// The eventfd by which any thread wakes the one that waits in a ring. [#signal()] from any
/// thread, also after [#close()]; [#clear()] from the reaping thread.
final class WakeupEvent {

  // Constant after construction.
  private final int descriptor;
  private final MemorySegment one;

  /// Set by a signal, cleared by the reaper: signals in between are parts of one.
  private final AtomicBoolean pending = new AtomicBoolean();

  // Guarded by lock: a closed descriptor's number may belong to another file.
  private final ReentrantLock lock = new ReentrantLock();
  private final MemorySegment signalErrno;
  private boolean closed;

  // Owned by the reaping thread.
  private final MemorySegment clearErrno;
  private final MemorySegment count;

  /// @param arena lives at least as long as this
  WakeupEvent(Arena arena) {
    signalErrno = Libc.newErrnoCapture(arena);
    clearErrno = Libc.newErrnoCapture(arena);
    count = arena.allocate(ValueLayout.JAVA_LONG);
    one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
    descriptor = Libc.eventfd(clearErrno, 0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
  }

  /// The descriptor to poll, or a negated error number.
  int descriptor() {
    return descriptor;
  }

  /// Makes the descriptor readable, unless the reaper has still to see that it is.
  void signal() {
    if (pending.getAndSet(true)) {
      return;
    }
    lock.lock();
    try {
      if (!closed) {
        Libc.write(signalErrno, descriptor, one, Long.BYTES);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Takes notice of the signals so far. The count is emptied before the flag is cleared, so that
  /// a signal in between is part of these, and one after makes the descriptor readable again.
  void clear() {
    Libc.read(clearErrno, descriptor, count, Long.BYTES);
    pending.getAndSet(false);
  }

  void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        Libc.close(signalErrno, descriptor);
      }
    } finally {
      lock.unlock();
    }
  }
}
