package dev.iobus;

import org.jspecify.annotations.Nullable;

/// The numbers under which operations of a [SharedBus] are in flight at the backend, as a device's
/// queue has them, so that a completion finds its [Slot].
///
/// One task at a time gives tags, one takes them back, and neither waits for the other: free tags
/// are a ring. Its users order their accesses; see [Submissions].
final class Tags {

  private final int count;

  /// The operation under each tag, and how often the tag was given.
  private final @Nullable Slot[] slots;
  private final int[] generations;

  /// A ring of free tags.
  private final int[] free;

  // Owned by the task that gives.
  private int first;

  // Owned by the task that takes back.
  private int end;

  /// @param count at least 1
  Tags(int count) {
    this.count = count;
    slots = new @Nullable Slot[count];
    generations = new int[count];
    free = new int[count];
    for (int i = 0; i < count; i++) {
      free[i] = i;
    }
  }

  int count() {
    return count;
  }

  /// Gives an operation a tag, of which one is free, and its request the user data that stand for
  /// this use of the tag.
  void give(Slot slot) {
    int tag = free[first];
    first = first + 1 == count ? 0 : first + 1;
    slots[tag] = slot;
    slot.request.userData = (long) ++generations[tag] << 32 | tag;
  }

  /// Takes the tag of a completion back. Returns the operation that has ended.
  Slot takeBack(long userData) {
    int tag = (int) userData;
    Slot slot = tag < 0 || tag >= count ? null : slots[tag];
    if (slot == null || !slot.pending || slot.request.userData != userData) {
      throw new AssertionError("completion " + userData + " belongs to no pending operation");
    }
    free[end] = tag;
    end = end + 1 == count ? 0 : end + 1;
    return slot;
  }
}
