package dev.iobus.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What memory is filled with while the kernel owns it, so that who writes to it is found out.
///
/// @param value each byte
record Junk(byte value) {

  /// Any value but 0.
  static Junk of(long random) {
    return new Junk((byte) (random | 1));
  }

  void fill(MemorySegment memory) {
    memory.fill(value);
  }

  /// The first byte that is not as it was left, or −1. Memory that is the same when it is shifted by
  /// one is one byte all through.
  long firstChange(MemorySegment memory) {
    long length = memory.byteSize();
    if (length == 0) {
      return -1;
    }
    if (memory.get(ValueLayout.JAVA_BYTE, 0) != value) {
      return 0;
    }
    long changed = MemorySegment.mismatch(memory, 0, length - 1, memory, 1, length);
    return changed < 0 ? -1 : changed + 1;
  }
}
