package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A lease on one decoded block: its bytes stay where they are until [#close()]. Who keeps the
/// segment beyond the close reads whatever lies there then, so values are copied, or lent with an
/// arena of their own. Confined to one thread at a time.
public final class PinnedBlock implements AutoCloseable {

  /// Null once closed. Plain, so that a lease that its method closes is no object on the heap.
  private @Nullable BlockMemory memory;

  private final PinSlots slots;
  private final int slot;

  /// @param memory pinned once for this lease
  /// @param slot where that is written, or [PinSlots#NONE] when the memory itself counts it
  PinnedBlock(BlockMemory memory, PinSlots slots, int slot) {
    this.memory = memory;
    this.slots = slots;
    this.slot = slot;
  }

  /// The decoded bytes, read-only, valid until [#close()].
  ///
  /// @throws IllegalStateException after [#close()]
  public MemorySegment segment() {
    BlockMemory held = memory;
    if (held == null) {
      throw new IllegalStateException("the block is closed");
    }
    return held.bytes();
  }

  /// Bytes of the decoded block.
  ///
  /// @throws IllegalStateException after [#close()]
  public int length() {
    return (int) segment().byteSize();
  }

  /// Gives the pin back; the second call does nothing.
  @Override
  public void close() {
    BlockMemory held = memory;
    if (held != null) {
      memory = null;
      if (slot == PinSlots.NONE) {
        held.unpin();
      } else {
        slots.release(slot);
      }
    }
  }
}
