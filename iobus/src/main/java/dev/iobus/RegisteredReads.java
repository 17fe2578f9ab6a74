package dev.iobus;

import dev.iobus.backend.Op;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Single reads of a [SharedBus] into registered buffers. Thread-safe.
final class RegisteredReads {

  private final SharedBus bus;
  private final Scheduler scheduler;
  private final InlineCalls inline;
  private final SlotCalls calls;

  RegisteredReads(SharedBus bus, InlineCalls inline, SlotCalls calls) {
    this.bus = bus;
    this.scheduler = bus.scheduler();
    this.inline = inline;
    this.calls = calls;
  }

  /// Reads once.
  ///
  /// @param at where in the buffer
  /// @return the bytes read; 0 at the end of the file
  /// @throws BusException when the read has failed
  int read(BusFile file, RegisteredBuffer buffer, long at, int length, long offset)
      throws IOException {
    buffer.retain();
    boolean mine = true;
    try {
      if (!scheduler.currentTask().isVirtual()) {
        int count = inline.read(file, buffer.memory().asSlice(at, length), offset, length);
        if (count >= 0) {
          return count;
        }
      }
      Slot slot = calls.begin(Op.READ);
      try {
        return read(slot, file, buffer, at, length, offset);
      } finally {
        // When the bus has failed the kernel may yet write: the buffer stays in flight for ever.
        mine = !slot.pending;
        calls.end(slot);
      }
    } finally {
      if (mine) {
        buffer.release();
      }
    }
  }

  private int read(
      Slot slot, BusFile file, RegisteredBuffer buffer, long at, int length, long offset)
      throws IOException {
    MemorySegment memory = buffer.memory();
    if (!file.isDirect()) {
      int count = inline.readCached(slot, file, memory.asSlice(at, length), offset, length);
      if (count >= 0) {
        return count;
      }
    }
    SlotCalls.fill(slot.request, memory, offset, length, WriteFlag.NONE);
    slot.request.bufferIndex = buffer.index(bus, slot.ring);
    slot.request.bufferOffset = at;
    return calls.transfer(slot, file);
  }
}
