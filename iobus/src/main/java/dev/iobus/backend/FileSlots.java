package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.util.Arrays;

/// The slots of one bus that files are opened into, where the kernel has none: numbers above those
/// of all descriptors, each with the descriptor that is open in it. Thread-safe.
final class FileSlots {

  /// The first number; no descriptor is that high ([Descriptors]).
  static final int FIRST = Descriptors.LIMIT;

  private static final int UNUSED = -2;
  private static final int EMPTY = -1;

  // Guarded by this.
  private int[] descriptors = new int[0];

  static boolean isSlot(int number) {
    return number >= FIRST;
  }

  /// An empty slot.
  synchronized int reserve() {
    int index = 0;
    while (index < descriptors.length && descriptors[index] != UNUSED) {
      index++;
    }
    if (index == descriptors.length) {
      descriptors = Arrays.copyOf(descriptors, Math.max(8, 2 * index));
      Arrays.fill(descriptors, index, descriptors.length, UNUSED);
    }
    descriptors[index] = EMPTY;
    return FIRST + index;
  }

  /// Counts a use of the descriptor in a slot. Returns it, or −1 for an empty slot.
  synchronized int retain(int slot) {
    int descriptor = descriptors[slot - FIRST];
    return Descriptors.retain(descriptor) ? descriptor : EMPTY;
  }

  /// Puts a new descriptor into a slot, where what was in it is closed. Returns 0 or a negated error
  /// number.
  int open(int slot, int descriptor) {
    int before;
    synchronized (this) {
      before = descriptors[slot - FIRST];
      if (before != UNUSED) {
        descriptors[slot - FIRST] = descriptor;
      }
    }
    Descriptors.close(before == UNUSED ? descriptor : before);
    return before == UNUSED ? -Errno.EBADF : 0;
  }

  /// Empties a slot. Returns 0 or a negated error number, EBADF for one that is empty.
  int close(int slot) {
    return Descriptors.close(exchange(slot, EMPTY));
  }

  /// Empties a slot and gives it back.
  void unreserve(int slot) {
    Descriptors.close(exchange(slot, UNUSED));
  }

  private synchronized int exchange(int slot, int content) {
    int before = descriptors[slot - FIRST];
    descriptors[slot - FIRST] = before == UNUSED ? UNUSED : content;
    return before;
  }

  /// Gives all slots back.
  void close() {
    int[] left;
    synchronized (this) {
      left = descriptors;
      descriptors = new int[0];
    }
    for (int descriptor : left) {
      Descriptors.close(descriptor);
    }
  }
}
