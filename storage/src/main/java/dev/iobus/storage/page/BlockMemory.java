package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;

/// Where the decoded bytes of a pinned block lie.
sealed interface BlockMemory permits Frame, TransientBlock {

  /// The decoded bytes, read-only; needs a pin.
  MemorySegment bytes();

  /// Gives one pin back; the bytes are dead for its holder.
  void unpin();
}
