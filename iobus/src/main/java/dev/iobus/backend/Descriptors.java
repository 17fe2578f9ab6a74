package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// How many requests use each descriptor of this process, so that a close that comes while some
/// are in flight takes effect behind the last of them, as the kernel's own does for requests in a
/// ring. Without it, a request could meet the stranger who got the number next.
///
/// A use is counted from prepare to completion. The count of a closing descriptor has its sign bit
/// set: it takes no more uses, and its last one closes it. Another bit says that calls on the
/// descriptor do not block: it is a socket, or a pipe that was found to be one.
///
/// Thread-safe, without locks.
final class Descriptors {

  private static final int PART_BITS = 12;
  private static final int PART_SIZE = 1 << PART_BITS;

  /// Sixteen million descriptors, more than any system gives to one process.
  static final int LIMIT = 1 << 24;

  private static final int PARTS_MAX = LIMIT >>> PART_BITS;

  private static final int CLOSING = Integer.MIN_VALUE;
  private static final int NON_BLOCKING = 1 << 30;

  /// Made when first needed, never replaced.
  private static final AtomicReferenceArray<@Nullable AtomicIntegerArray> PARTS =
      new AtomicReferenceArray<>(PARTS_MAX);

  private Descriptors() {}

  /// Counts a use. Returns false for a descriptor that is closing, or is none.
  static boolean retain(int fd) {
    if (fd < 0) {
      return false;
    }
    AtomicIntegerArray part = part(fd);
    int index = fd & PART_SIZE - 1;
    return part.getAndUpdate(index, n -> n < 0 ? n : n + 1) >= 0;
  }

  /// Ends a use. The last one of a closing descriptor closes it; an error of that close has nobody
  /// to go to: the bytes that were promised as durable were synced before.
  static void release(int fd) {
    AtomicIntegerArray part = part(fd);
    int index = fd & PART_SIZE - 1;
    int before = part.getAndDecrement(index);
    assert (before & ~(CLOSING | NON_BLOCKING)) != 0 : fd + " was released too often";
    if ((before & ~NON_BLOCKING) == (CLOSING | 1)) {
      closeNow(part, index, fd);
    }
  }

  /// Closes a descriptor at once, or behind its last use. Returns 0 or a negated error number.
  static int close(int fd) {
    if (fd < 0) {
      return -Errno.EBADF;
    }
    AtomicIntegerArray part = part(fd);
    int index = fd & PART_SIZE - 1;
    int uses = part.getAndUpdate(index, n -> n | CLOSING);
    if (uses < 0) {
      return -Errno.EBADF;
    }
    return (uses & ~NON_BLOCKING) > 0 ? 0 : closeNow(part, index, fd);
  }

  /// Notes that calls on an open descriptor do not block, until it is closed.
  static void markNonBlocking(int fd) {
    part(fd).getAndUpdate(fd & PART_SIZE - 1, n -> n | NON_BLOCKING);
  }

  static boolean isNonBlocking(int fd) {
    return fd >= 0 && (part(fd).get(fd & PART_SIZE - 1) & NON_BLOCKING) != 0;
  }

  /// The count is set back first: another thread may be given the number as soon as it is free.
  private static int closeNow(AtomicIntegerArray part, int index, int fd) {
    part.set(index, 0);
    try (Arena call = Arena.ofConfined()) {
      return Libc.close(Libc.newErrnoCapture(call), fd);
    }
  }

  private static AtomicIntegerArray part(int fd) {
    int number = fd >>> PART_BITS;
    if (number >= PARTS_MAX) {
      throw new IllegalStateException("descriptor " + fd + " is beyond all limits");
    }
    AtomicIntegerArray part = PARTS.get(number);
    if (part == null) {
      PARTS.compareAndSet(number, null, new AtomicIntegerArray(PART_SIZE));
      part = PARTS.get(number);
    }
    assert part != null;
    return part;
  }
}
