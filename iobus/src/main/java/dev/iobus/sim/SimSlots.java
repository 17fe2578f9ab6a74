package dev.iobus.sim;

import dev.iobus.posix.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The table of registered files of one simulated ring. Confined to the holder of the baton.
final class SimSlots {

  private final List<@Nullable SimDescription> files = new ArrayList<>();
  private final List<Boolean> used = new ArrayList<>();

  /// Takes an empty slot.
  int reserve() {
    int slot = used.indexOf(false);
    if (slot < 0) {
      slot = used.size();
      used.add(true);
      files.add(null);
    }
    used.set(slot, true);
    return slot;
  }

  @Nullable SimDescription get(int slot) {
    return slot >= 0 && slot < files.size() ? files.get(slot) : null;
  }

  /// Puts a file into a slot, and takes its reference over; what was there is let go.
  void put(int slot, @Nullable SimDescription file) {
    SimDescription before = files.set(slot, file);
    if (before != null) {
      before.release();
    }
  }

  /// Closes what is in a slot.
  int empty(int slot) {
    if (get(slot) == null) {
      return -Errno.EBADF;
    }
    put(slot, null);
    return 0;
  }

  /// Gives a slot back.
  void free(int slot) {
    put(slot, null);
    used.set(slot, false);
  }

  void freeAll() {
    for (int slot = 0; slot < files.size(); slot++) {
      free(slot);
    }
  }
}
