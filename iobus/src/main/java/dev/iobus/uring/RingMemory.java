package dev.iobus.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Reads and writes in the mappings of a ring by address. Whoever calls vouches for the address, by
/// a mask that keeps it inside its queue: the one segment behind all has no bounds, so that the
/// compiler, for which it is a constant, drops every check of a segment, which took twice as long
/// as filling an entry.
///
/// Memory order stands in the names, as the kernel is the other side.
final class RingMemory {

  /// All memory. With the handles of a struct, whose fields are checked together.
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private RingMemory() {}

  static int getIntOpaque(long address) {
    return (int) INT.getOpaque(ALL, address);
  }

  static int getIntAcquire(long address) {
    return (int) INT.getAcquire(ALL, address);
  }

  static void putIntRelease(long address, int value) {
    INT.setRelease(ALL, address, value);
  }
}
